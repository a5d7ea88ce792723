"""Templates to letters: `templates/email/<kind>/` holds subject.txt, body.txt and body.html."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from newsletter.domain.errors import BadSetting
from newsletter.domain.holes import Hole
from newsletter.rendering.inline_css import inline_css
from newsletter.rendering.markers import Markers


@dataclass(frozen=True)
class Letter:
    """A mail before it becomes bytes: text and HTML cut at their holes, the subject with its markers."""

    subject: str
    text: Sequence[str | Hole]
    html: Sequence[str | Hole]


class Composer:
    """Renders mails from template folders; a publisher's folder comes before ours."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._environment = _environment(tuple(folders))

    def compose(self, kind: str, context: Mapping[str, Any], markers: Markers) -> Letter:
        """Render a kind of mail once, holes still open. Raises BadSetting when a template is broken."""
        subject = self._subject(kind, context)
        text = self._render(f"{kind}/body.txt", {**context, "subject": subject})
        # In HTML the subject stands once more, and its holes are then those of HTML.
        shown = self._subject(kind, {**context, "text": context["html"]})
        html = self._render(f"{kind}/body.html", {**context, "subject": shown})
        return Letter(subject, markers.split(_tidy(text)), markers.split(inline_css(html)))

    def _subject(self, kind: str, context: Mapping[str, Any]) -> str:
        return " ".join(self._render(f"{kind}/subject.txt", context).split())

    def _render(self, name: str, context: Mapping[str, Any]) -> str:
        try:
            return self._environment.get_template(name).render(context)
        except (TemplateError, ArithmeticError, TypeError, ValueError, OSError) as error:
            raise BadSetting(f"The mail template {name} cannot be rendered: {error}.") from error


@cache  # a template is compiled once in a process
def _environment(folders: tuple[Path, ...]) -> Environment:
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _tidy(text: str) -> str:
    """At most one blank line in a row, no spaces at line ends, one line end at the end."""
    lines = [line.rstrip() for line in text.strip().split("\n")]
    kept = [line for index, line in enumerate(lines) if line or (index and lines[index - 1])]
    return "\n".join(kept) + "\n"
