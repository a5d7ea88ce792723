"""Addresses within our own site, as somebody else may have written them."""

MAX_PATH = 300


def own_path(text: str, otherwise: str = "") -> str:
    """The path when it can only lead to this site; browsers read `//` and backslashes as another one."""
    is_ours = text.startswith("/") and "//" not in text and "\\" not in text
    return text if is_ours and text.isprintable() and len(text) <= MAX_PATH else otherwise
