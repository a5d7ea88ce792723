"""The letters as they were when last looked at: `python -m tests.support.golden` writes them anew."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy

from tests.support.letters import ROOT, sample_letters

FOLDER = ROOT / "tests" / "samples" / "golden"
_WHOLE = {"everything", "confirm"}
"""Letters that are kept as messages too, header by header and line by line."""


def golden_files() -> Iterator[tuple[str, str]]:
    """Names and contents of all golden files, made from what we have now."""
    for name, raw in sample_letters().items():
        message = message_from_bytes(raw, policy=default_policy)
        assert isinstance(message, EmailMessage)
        yield f"{name}.html", _part(message, "html")
        yield f"{name}.txt", _part(message, "plain")
        if name in _WHOLE:
            yield f"{name}.eml", raw.decode("ascii").replace("\r\n", "\n")


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for name, content in golden_files():
        (FOLDER / name).write_text(content, "utf-8", newline="\n")
