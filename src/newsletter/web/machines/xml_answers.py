"""Answers in XML, in which some characters can never stand."""

import re

from flask import Response, render_template

_NEVER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_answer(template: str, mimetype: str, **values: object) -> Response:
    """A document from a template; what XML 1.0 forbids is left out, whoever wrote it."""
    document = _NEVER.sub("", render_template(template, **values))
    return Response(document, content_type=f"{mimetype}; charset=utf-8")
