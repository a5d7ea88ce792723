"""Measurements: `python -m bench.<name> --json` prints figures; nothing here is part of the program."""
