"""Where encoded words stand and what they say (RFC 2047)."""

import re
from base64 import b64decode
from binascii import a2b_qp
from collections.abc import Iterator
from typing import NamedTuple

from newsletter.mail.lint.fields import Field
from newsletter.mail.lint.mailboxes import ADDRESS_HEADERS, Form, pieces

_LONGEST_WORD = 75
_LONGEST_LINE = 76
_BEGINNING = re.compile(r"=\?[^?\s]*\?[A-Za-z]\?")
_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?\s]*)\?=", re.ASCII)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_QUOTED = re.compile(r"(?:[!-<>-~]|=[0-9A-F]{2})*")
_QUOTED_IN_PHRASE = re.compile(r"(?:[A-Za-z0-9!*+\-/_]|=[0-9A-F]{2})*")

_NO_SPACE = "\ufffc"

# In whose phrases they may stand; of the rest, Subject alone may hold them.
PHRASED = frozenset({*(name.lower() for name in ADDRESS_HEADERS), "list-id"})


class Places(NamedTuple):
    """A field's value cut in two: words where encoded words may stand, and texts where they may not."""

    words: list[str]
    others: list[str]


def places(field: Field) -> Places:
    """Tell phrases from the rest. A word is what stands between spaces, so it shows what it touches."""
    if field.key == "subject":
        return Places(field.value.split(), [])
    if field.key not in PHRASED:
        return Places([], [field.value])
    masked, others = [], []
    for piece in pieces(field.value):
        if piece.form is Form.TEXT and "@" not in piece.text:
            masked.append(piece.text)
        else:
            masked.append(_NO_SPACE)
            others.append(piece.text)
    return Places("".join(masked).split(), others)


def has_encoded_word(text: str) -> bool:
    """Whether text holds what readers may take for an encoded word, well written or not."""
    return _BEGINNING.search(text) is not None


def encoded_word_in(word: str) -> str:
    """The first encoded word that is part of a word, or nothing."""
    found = _WORD.search(word)
    return found.group() if found else ""


def size_trouble_with(line: str) -> str:
    """Which limit a line with encoded words breaks (RFC 2047 section 2), or nothing."""
    longest = max((len(encoded_word_in(word)) for word in line.split()), default=0)
    if longest > _LONGEST_WORD:
        return f"an encoded word of {longest:,} characters; {_LONGEST_WORD} are the limit"
    if longest and len(line) > _LONGEST_LINE:
        return f"a line of {len(line):,} characters with an encoded word; {_LONGEST_LINE} are the limit"
    return ""


def trouble_with(word: str, is_in_phrase: bool) -> str:
    """What is wrong with one encoded word, or nothing."""
    found = _WORD.fullmatch(word)
    if found is None:
        return "begins as an encoded word and is none"
    charset, encoding, text = found.groups()
    if charset.lower() != "utf-8":
        return "is an encoded word in a charset other than utf-8"
    quoted = _QUOTED_IN_PHRASE if is_in_phrase else _QUOTED
    fitting = quoted if encoding in "qQ" else _BASE64
    if not fitting.fullmatch(text):
        return "is an encoded word with characters its encoding does not have"
    return "" if decoded(word) is not None else "is an encoded word that does not decode to UTF-8"


def decoded(word: str) -> str | None:
    """What one encoded word in utf-8 says; None when it cannot be told."""
    found = _WORD.fullmatch(word)
    if found is None or found.group(1).lower() != "utf-8":
        return None
    text = found.group(3)
    try:
        raw = a2b_qp(text, header=True) if found.group(2) in "qQ" else b64decode(text)
        return raw.decode("utf-8")
    except ValueError:
        return None


def said_by(field: Field) -> Iterator[str]:
    """What the encoded words of a field say."""
    for word in places(field).words:
        said = decoded(word)
        if said is not None:
            yield said
