"""A document as pieces of its own text: what nobody changes stays as it was written, to the byte.

Joined again, the pieces are the document. Tags are found as in HTML section 13.2.5; between them nothing
is decoded, moved or put right.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import escape, unescape
from html.entities import html5
from typing import Any

from lxml import etree

_ATTRIBUTES = r"""(?:[\s/]++|[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*"|'[^']*'|[^\s>"'][^\s>]*|))?)*+"""
_MARKUP = re.compile(
    rf"""
      (?P<comment> <!--(?: -?> | .*? (?: --!?> | \Z ) ) )
    | (?P<doctype> <!doctype[^>]*> )
    | (?P<style> <style(?=[\s/>]){_ATTRIBUTES}>(?P<css>.*?)</style\s*> )
    | (?P<verbatim> <(?P<raw>script|title|textarea|xmp|iframe|noembed|noframes)(?=[\s/>]){_ATTRIBUTES}>
                    .*?</(?P=raw)\s*> )
    | (?P<end> </(?P<ended>[a-z][^\s/>]*)[^>]*> )
    | (?P<start> <(?P<started>[a-z][^\s/>]*+){_ATTRIBUTES}> )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_TAG_NAME = re.compile(r"<[^\s/>]+")
_ATTRIBUTE = re.compile(
    r"""[\s/]*+(?P<name>[^\s/>][^\s/>=]*+)"""
    r"""(?:\s*+=\s*+(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s>"'][^\s>]*)|))?"""
)
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[a-zA-Z][a-zA-Z0-9]*(?:;|(?![a-zA-Z0-9=])))")

_XML_NAME = re.compile(r"[a-z][a-z0-9-]*")
_VOID = re.compile("area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr")
# Tags that may be left out (HTML section 13.1.2.4): a start tag, and the open elements that it ends.
_ENDS = (
    (
        re.compile(
            "address|article|aside|blockquote|center|details|dialog|div|dl|fieldset|figcaption|figure|footer"
            "|form|h[1-6]|header|hr|main|menu|nav|ol|p|pre|search|section|table|ul"
        ),
        re.compile("p"),
    ),
    (re.compile("li"), re.compile("li")),
    (re.compile("d[dt]"), re.compile("d[dt]")),
    (re.compile("t[dh]"), re.compile("t[dh]")),
    (re.compile("tr"), re.compile("t[dhr]")),
    (re.compile("tbody|thead|tfoot"), re.compile("t[dhr]|tbody|thead|tfoot")),
)
_SCOPE = re.compile("table|caption|t[dh]|ul|ol|dl|button|object")


class Kind(StrEnum):
    """What a piece of a document is; `VERBATIM` is an element whose content is no markup."""

    TEXT = "text"
    COMMENT = "comment"
    DOCTYPE = "doctype"
    STYLE = "style"
    VERBATIM = "verbatim"
    START = "start"
    END = "end"


@dataclass(frozen=True)
class Piece:
    """A stretch of a document; a tag has its name in lower case, a style block its CSS."""

    kind: Kind
    text: str
    name: str = ""
    css: str = ""


def split_markup(html: str) -> Iterator[Piece]:
    """Cut a document before and after each tag, comment and style block."""
    end = 0
    for match in _MARKUP.finditer(html):
        if match.start() > end:
            yield Piece(Kind.TEXT, html[end : match.start()])
        name = match["started"] or match["ended"] or ""
        yield Piece(Kind(match.lastgroup or ""), match.group(), name.lower(), match["css"] or "")
        end = match.end()
    if end < len(html):
        yield Piece(Kind.TEXT, html[end:])


def read_attributes(tag: str) -> dict[str, str]:
    """The attributes of a start tag, decoded; of two with one name the first counts, as it does in HTML."""
    attributes: dict[str, str] = {}
    for match in _attributes(tag):
        attributes.setdefault(match["name"].lower(), _decoded(_written_value(match)))
    return attributes


def write_attributes(tag: str, changes: Mapping[str, str]) -> str:
    """The tag with attributes changed where they stand, added at its end, or taken out when empty."""
    parts: list[str] = []
    missing = {name: value for name, value in changes.items() if value}
    end = 0
    for match in _attributes(tag):
        name = match["name"].lower()
        if name in changes:
            parts += [tag[end : match.start()], _attribute(name, missing.pop(name, ""))]
        else:
            parts.append(tag[end : match.end()])
        end = match.end()
    end = end or _name_end(tag)
    head = "".join(parts) or tag[:end]
    return head + "".join(_attribute(*item) for item in missing.items()) + tag[end:]


def _attributes(tag: str) -> Iterator[re.Match[str]]:
    position = _name_end(tag)
    while match := _ATTRIBUTE.match(tag, position):
        yield match
        position = match.end()


def _name_end(tag: str) -> int:
    match = _TAG_NAME.match(tag)
    return match.end() if match else 0


def _written_value(match: re.Match[str]) -> str:
    return match["double"] or match["single"] or match["bare"] or ""


def _attribute(name: str, value: str) -> str:
    return f' {name}="{escape(value)}"'.replace("&#x27;", "'") if value else ""


def _decoded(value: str) -> str:
    """The characters an attribute means: in `?a=1&copy=2` there is no ©."""
    return _REFERENCE.sub(_character, value) if "&" in value else value


def _character(match: re.Match[str]) -> str:
    reference = match.group()
    return unescape(reference) if reference[1] == "#" or reference[1:] in html5 else reference


def build_tree(pieces: Iterable[Piece]) -> tuple[Any, dict[int, Any]]:
    """The elements of a document with nothing but their classes and ids: the root, and each by its piece.

    An HTML parser of libxml2 would close a link before a table and a heading before a paragraph.
    """
    root = etree.Element("document")
    open_elements: list[tuple[str, Any]] = [("", root)]
    elements: dict[int, Any] = {}
    for index, piece in enumerate(pieces):
        if piece.kind is Kind.END:
            _end(open_elements, piece.name)
        elif piece.kind is Kind.START:
            _imply(open_elements, piece.name)
            name = piece.name if _XML_NAME.fullmatch(piece.name) else "unknown"
            elements[index] = etree.SubElement(open_elements[-1][1], name, _identity(piece))
            if not _VOID.fullmatch(piece.name):
                open_elements.append((piece.name, elements[index]))
    return root, elements


def _identity(piece: Piece) -> dict[str, str]:
    """Class and id, less the names that no plain selector can have and XML may not allow."""
    attributes = read_attributes(piece.text)
    names = {key: re.findall(r"(?<!\S)[\w-]+(?!\S)", attributes.get(key, "")) for key in ("class", "id")}
    return {key: " ".join(found) for key, found in names.items() if found}


def _imply(open_elements: list[tuple[str, Any]], name: str) -> None:
    """End and start what an author may leave out before this start tag."""
    ended = next((ended for starts, ended in _ENDS if starts.fullmatch(name)), None)
    outermost = len(open_elements)
    for depth in range(len(open_elements) - 1, 0, -1):
        if ended and ended.fullmatch(open_elements[depth][0]):
            outermost = depth
        elif not ended or _SCOPE.fullmatch(open_elements[depth][0]):
            break
    del open_elements[outermost:]
    other, parent = open_elements[-1]
    if name == "tr" and other == "table":
        open_elements.append(("tbody", etree.SubElement(parent, "tbody")))


def _end(open_elements: list[tuple[str, Any]], name: str) -> None:
    """Close the nearest open element of this name; an end tag does not reach out of a table."""
    for depth in range(len(open_elements) - 1, 0, -1):
        other = open_elements[depth][0]
        if other == name:
            del open_elements[depth:]
            return
        if other == "table":
            return
