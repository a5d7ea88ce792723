"""Light and dark: what a reader chose, and the publisher's colours in both."""

import hashlib
from functools import lru_cache

from flask import Flask, request

from newsletter.domain.look import Look

COOKIE = "theme"
THEMES = ("light", "dark")


def add_to(app: Flask) -> None:
    """Give templates the reader's choice and the name of the publisher's style sheet."""
    app.jinja_env.globals.update(chosen_theme=chosen_theme, style_print=style_print)


def chosen_theme() -> str:
    """What the reader chose; nothing follows the device."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else ""


@lru_cache(maxsize=16)
def style_of(look: Look) -> str:
    """The publisher's colours and font as custom properties, for light and dark."""
    light, dark = look.light, look.dark
    pairs = {
        "paper": (light.paper, dark.paper),
        "ink": (light.ink, dark.ink),
        "quiet": (light.quiet, dark.quiet),
        "line": (light.line, dark.line),
        "raised": (light.wash, dark.wash),
        "accent": (light.accent, dark.accent),
        "button": (light.button, dark.button),
        "on-button": (light.on_button, dark.on_button),
    }
    lines = [f"--{name}: light-dark({one}, {other});" for name, (one, other) in pairs.items()]
    return ":root {\n" + "\n".join([*lines, f"--serif: {look.stack};"]) + "\n}\n"


@lru_cache(maxsize=16)
def style_print(look: Look) -> str:
    """What changes with the style sheet, for its address."""
    return hashlib.sha256(style_of(look).encode()).hexdigest()[:10]
