"""What a browser calls itself, in words its owner knows it by."""

from collections.abc import Sequence

# The order counts: nearly every browser also claims to be those further down.
_BROWSERS: Sequence[tuple[str, str]] = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Sequence[tuple[str, str]] = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
    ("BSD", "BSD"),
)
_LONGEST = 1000


def browser_in_words(user_agent: str) -> str:
    """A browser and its system, such as "Firefox on Linux"; empty where neither is known."""
    known = [_first(user_agent[:_LONGEST], names) for names in (_BROWSERS, _SYSTEMS)]
    return " on ".join(filter(None, known))


def _first(text: str, names: Sequence[tuple[str, str]]) -> str:
    return next((name for sign, name in names if sign in text), "")
