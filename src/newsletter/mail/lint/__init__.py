"""The byte linter: whether a message is fit to leave, judged by its exact bytes and repairing nothing."""

from newsletter.mail.lint.flaws import Flaw
from newsletter.mail.lint.linting import lint

__all__ = ["Flaw", "lint"]
