"""What DNS records of a sender mean: SPF (RFC 7208), DMARC (RFC 9989)."""

import re
from collections.abc import Iterable

_LOOKS_UP = re.compile(
    r"[+?~-]?(?:include:|a(?:[:/]|$)|mx(?:[:/]|$)|ptr(?::|$)|exists:|redirect=)", re.IGNORECASE
)

_LABELS_OF_ONE_OWNER = 2
_REGISTRIES = frozenset({"ac", "co", "com", "edu", "gov", "net", "or", "org"})
"""What stands before a country's ending and belongs to no one; which other names do is not known here."""


def spf_lookups(record: str) -> int:
    """How many terms of a record ask the DNS again; those that are included ask more."""
    return sum(bool(_LOOKS_UP.match(term)) for term in record.split()[1:])


def dmarc_policy(texts: Iterable[str]) -> str | None:
    """What a domain asks receivers to do; None without a record, or with more than one."""
    records = [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text)]
    if len(records) != 1:
        return None
    found = re.search(r";\s*p\s*=\s*(none|quarantine|reject)\s*(?:;|$)", records[0], re.IGNORECASE)
    return found[1].lower() if found else "none"


def is_aligned(one: str, other: str) -> bool:
    """Whether two domains are most likely one owner's (relaxed alignment)."""
    one, other = one.lower(), other.lower()
    if one == other or one.endswith(f".{other}") or other.endswith(f".{one}"):
        return True
    shared = [a for a, b in zip(one.split(".")[::-1], other.split(".")[::-1], strict=False) if a == b]
    return len(shared) >= _LABELS_OF_ONE_OWNER and shared[1] not in _REGISTRIES
