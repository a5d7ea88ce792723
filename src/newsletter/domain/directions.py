"""Which way a text runs."""

from unicodedata import bidirectional


def direction_of(text: str, otherwise: str = "ltr") -> str:
    """`ltr` or `rtl`, by the first letter that has a direction (Unicode UAX 9, rules P2 and P3)."""
    for character in text:
        kind = bidirectional(character)
        if kind == "L":
            return "ltr"
        if kind in {"R", "AL"}:
            return "rtl"
    return otherwise
