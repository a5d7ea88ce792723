"""A finished letter's HTML, read back the way checks need it: elements, words, colours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lxml import etree, html
from lxml.cssselect import CSSSelector

from newsletter.domain.colours import parse_colour

_SILENT = frozenset({"head", "style", "script", "title"})
_CODE = frozenset({"pre", "code"})
_DARK = re.compile(r"@media\s*\(prefers-color-scheme:\s*dark\)\s*\{((?:[^{}]*\{[^{}]*\})*)", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})")
_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
_NAMED = {
    "white": "#ffffff",
    "black": "#000000",
    "red": "#ff0000",
    "green": "#008000",
    "blue": "#0000ff",
    "yellow": "#ffff00",
    "gray": "#808080",
    "grey": "#808080",
    "silver": "#c0c0c0",
    "orange": "#ffa500",
    "lightgray": "#d3d3d3",
    "lightgrey": "#d3d3d3",
    "pink": "#ffc0cb",
    "lime": "#00ff00",
    "navy": "#000080",
}


@dataclass(frozen=True)
class Element:
    """An element with its attributes, and the words inside it."""

    tag: str
    attributes: Mapping[str, str]
    words: str

    @property
    def classes(self) -> frozenset[str]:
        """Its classes."""
        return frozenset(self.attributes.get("class", "").split())


@dataclass(frozen=True)
class Inked:
    """Words, and the colours they are read in."""

    words: str
    ink: str
    paper: str


class Document:
    """One HTML letter."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._root = html.document_fromstring(source)

    def elements(self, *tags: str) -> Iterator[Element]:
        """All elements of these kinds, in order."""
        for node in self._root.iter(*tags or [etree.Element]):
            yield Element(str(node.tag), dict(node.attrib), " ".join("".join(node.itertext()).split()))

    @cached_property
    def words(self) -> str:
        """What a reader reads, the preheader and code left out."""
        return " ".join(" ".join(self._words(self._root)).split())

    @cached_property
    def preheader(self) -> str:
        """The hidden words that an inbox shows behind the subject."""
        hidden = next(iter(self._root.xpath("//body/div[contains(@style, 'display:none')]")), None)
        text = "" if hidden is None else "".join(hidden.itertext())
        return " ".join(re.sub("[\u034f\u200c\u00a0]", " ", text).split())

    @cached_property
    def style(self) -> str:
        """The CSS that was not inlined."""
        return "".join(node.text or "" for node in self._root.iter("style"))

    def inked(self, *, dark: bool) -> Iterator[Inked]:
        """Every stretch of words with its colours, in the light palette or in the dark one."""
        rules = self._dark_rules if dark else {}
        yield from self._inked(self._root, ("#000000", "#ffffff"), rules)

    def _words(self, node: Any) -> Iterator[str]:
        if _is_hidden(node) or node.tag in _CODE:
            return
        yield node.text or ""
        for child in node:
            yield from self._words(child)
            yield child.tail or ""

    @cached_property
    def _dark_rules(self) -> dict[Any, dict[str, str]]:
        found: dict[Any, dict[str, str]] = {}
        for block in _DARK.findall(self.style):
            for selector, body in _RULE.findall(block):
                for node in _selected(self._root, selector.strip()):
                    found.setdefault(node, {}).update(_colours(body))
        return found

    def _inked(
        self, node: Any, around: tuple[str, str], rules: Mapping[Any, Mapping[str, str]]
    ) -> Iterator[Inked]:
        if _is_hidden(node):
            return
        own = {**_colours(node.get("style", "")), **rules.get(node, {})}
        colours = (own.get("color", around[0]), own.get("background-color", around[1]))
        if (node.text or "").strip():
            yield Inked(node.text.strip(), *colours)
        for child in node:
            yield from self._inked(child, colours, rules)
            if (child.tail or "").strip():
                yield Inked(child.tail.strip(), *colours)


def _is_hidden(node: Any) -> bool:
    """Whether a node shows nothing; a comment's tag is no text."""
    return not isinstance(node.tag, str) or node.tag in _SILENT or "display:none" in node.get("style", "")


def _colours(declarations: str) -> dict[str, str]:
    """Ink and paper that declarations set."""
    found: dict[str, str] = {}
    for declaration in declarations.lower().split(";"):
        name, _, value = declaration.partition(":")
        colour = _six_digits(value.replace("!important", "").strip())
        if name.strip() in {"color", "background-color"} and colour:
            found[name.strip()] = colour
    return found


def _six_digits(value: str) -> str:
    """A colour as `#rrggbb`; nothing for one that says too little by itself."""
    if _HEX.fullmatch(value):
        return parse_colour(value)
    found = _RGB.fullmatch(value)
    if found:
        return "#" + "".join(f"{min(255, int(channel)):02x}" for channel in found.groups())
    return _NAMED.get(value, "")


def _selected(root: Any, selector: str) -> list[Any]:
    try:
        return list(CSSSelector(selector, translator="html")(root))
    except (etree.XPathError, SyntaxError, ValueError):
        return []
