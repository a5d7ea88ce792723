"""What stands for a person who has no picture."""

import unicodedata


def initial_of(name: str) -> str:
    """The first letter of a name, or a question mark; marks that belong to it come along."""
    letters = unicodedata.normalize("NFC", name.strip())
    if not letters:
        return "?"
    end = 1
    while end < len(letters) and unicodedata.combining(letters[end]):
        end += 1
    return letters[:end].upper()
