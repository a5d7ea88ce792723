"""Addresses of our style sheets and scripts, with their fingerprint."""

import hashlib
from pathlib import Path

from flask import Flask


def add_to(app: Flask, folder: Path) -> None:
    """Give templates `asset(name)`; it changes with the file, so browsers may keep a file for ever."""
    prints = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:10]
        for path in folder.iterdir()
        if path.is_file()
    }

    def asset(name: str) -> str:
        return f"/static/{name}?v={prints[name]}"

    app.jinja_env.globals["asset"] = asset
