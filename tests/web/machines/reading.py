"""The least page that holds a head, and what a parser of metadata reads from it."""

from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from typing import Any

import extruct

from newsletter.web.machines.heads import Head

PAGE = """<!DOCTYPE html><html><head>
{% from "machines/meta.html" import meta %}{{ meta(head) }}
</head><body></body></html>"""

Printed = Callable[[Head], str]


class Reader(HTMLParser):
    """Every tag of a head, in its order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def named(self, name: str) -> str:
        (found,) = [each["content"] for tag, each in self.tags if tag == "meta" and each.get("name") == name]
        return found

    def links(self, rel: str) -> list[dict[str, str]]:
        return [each for tag, each in self.tags if tag == "link" and each["rel"] == rel]


def open_graph(html: str) -> dict[str, str]:
    (found,) = extruct.extract(html, syntaxes=["opengraph"])["opengraph"]
    pairs = found["properties"]
    assert len({name for name, _value in pairs}) == len(pairs)
    return dict(pairs)


def linked_data(html: str) -> Sequence[dict[str, Any]]:
    (found,) = extruct.extract(html, syntaxes=["json-ld"])["json-ld"]
    assert found["@context"] == "https://schema.org"
    graph: Sequence[dict[str, Any]] = found["@graph"]
    return graph
