"""The door of the command line."""

from newsletter.cli.main import main

__all__ = ["main"]
