"""Names: text on one line, and what it becomes in an address."""

import re
import unicodedata
from collections.abc import Collection

MAX_SLUG = 100


def one_line(text: str) -> str:
    """Text on one line, without control characters."""
    return " ".join("".join(char if unicodedata.category(char)[0] != "C" else " " for char in text).split())


def slug_of(text: str, otherwise: str = "post") -> str:
    """A readable name for an address: letters of any script, digits and hyphens."""
    text = unicodedata.normalize("NFKC", text).lower()
    slug = re.sub(r"[^\w]+", "-", text.replace("'", "").replace("’", "").replace("_", "-")).strip("-")
    if len(slug) > MAX_SLUG:
        slug = slug[:MAX_SLUG].rsplit("-", 1)[0]
    return slug or otherwise


def first_free(slug: str, taken: Collection[str]) -> str:
    """The slug itself, or with the first number behind it that nobody has."""
    number = 1
    candidate = slug
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate
