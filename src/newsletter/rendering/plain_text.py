"""A post as plain text: headings underlined, tables aligned, links numbered and listed at the end.

Paragraphs are not wrapped: each mail program fits them to its own window.
"""

import re
from collections.abc import Callable, Sequence
from html import unescape
from itertools import zip_longest
from unicodedata import east_asian_width
from urllib.parse import urljoin

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

MergeTag = Callable[[str, str], str]

_HTML_TAG = re.compile(r"<[^>]*>")


def write_plain_text(
    tokens: Sequence[Token], merge_tag: MergeTag, page_url: str, *, bare: bool = False
) -> str:
    """Write the text of parsed Markdown; `bare` leaves out link numbers, notes and the list of links."""
    writer = _Writer(merge_tag, page_url, bare=bare)
    body = writer.blocks(SyntaxTreeNode(tokens).children)
    return "\n\n".join(part for part in (body, writer.link_list()) if part) + "\n"


class _Writer:
    def __init__(self, merge_tag: MergeTag, page_url: str, *, bare: bool) -> None:
        self._merge_tag = merge_tag
        self._page_url = page_url
        self._bare = bare
        self._links: list[str] = []

    def blocks(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        """Blocks with a blank line between."""
        return "\n\n".join(text for text in map(self._block, nodes) if text)

    def link_list(self) -> str:
        """The numbered addresses that the text refers to."""
        if not self._links:
            return ""
        return "Links\n-----\n" + "\n".join(f"[{n}] {url}" for n, url in enumerate(self._links, 1))

    def _block(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "heading":
                return self._heading(node)
            case "fence" | "code_block":
                return _indent(node.content.rstrip("\n"), "    ")
            case "bullet_list" | "ordered_list":
                return self._list(node)
            case "blockquote":
                return _indent(self.blocks(node.children), "> ")
            case "table":
                return self._table(node)
            case "hr":
                return "* * *"
            case "html_block":
                return _without_tags(node.content)
            case "footnote_block":
                return "" if self._bare else self._footnotes(node)
            case "inline":
                return self._inline(node)
            case _:
                return self.blocks(node.children)

    def _heading(self, node: SyntaxTreeNode) -> str:
        text = self.blocks(node.children)
        return (
            text
            if self._bare
            else f"{text}\n{('=' if node.tag in ('h1', 'h2') else '-') * min(_width(text), 72)}"
        )

    def _list(self, node: SyntaxTreeNode) -> str:
        first = int(node.attrs.get("start", 1))
        items: list[str] = []
        for number, item in enumerate(node.children, first):
            sign = f"{number}. " if node.type == "ordered_list" else "- "
            text = _indent(self.blocks(item.children), " " * len(sign))
            items.append(sign + text[len(sign) :])
        loose = any("\n\n" in item for item in items)
        return ("\n\n" if loose else "\n").join(items)

    def _table(self, node: SyntaxTreeNode) -> str:
        rows = [[self.blocks(cell.children) for cell in row.children] for row in _rows(node)]
        columns = zip_longest(*rows, fillvalue="")
        widths = [max(map(_width, column)) for column in columns]
        lines = [
            "  ".join(
                cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=False)
            ).rstrip()
            for row in rows
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join(lines)

    def _footnotes(self, node: SyntaxTreeNode) -> str:
        notes = (f"[^{n}] {self.blocks(note.children)}" for n, note in enumerate(node.children, 1))
        return "Notes\n-----\n" + "\n".join(notes)

    def _inline(self, node: SyntaxTreeNode) -> str:
        return "".join(self._span(child) for child in node.children)

    def _span(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "text" | "code_inline":
                return node.content
            case "softbreak":
                return " "
            case "hardbreak":
                return "\n"
            case "merge_tag":
                return self._merge_tag(node.meta["name"], node.meta["fallback"])
            case "link":
                return self._link(node)
            case "image":
                return self._image(node)
            case "footnote_ref":
                return "" if self._bare else f"[^{node.meta['id'] + 1}]"
            case "footnote_anchor":
                return ""
            case "html_inline":
                return "[x]" if "checked" in node.content else "[ ]" if "checkbox" in node.content else ""
            case _:
                return self._inline(node)

    def _link(self, node: SyntaxTreeNode) -> str:
        text, url = self._inline(node), str(node.attrs.get("href", ""))
        if self._bare or url.removeprefix("mailto:") == text:
            return text
        return f"{text} {self._number(url)}"

    def _image(self, node: SyntaxTreeNode) -> str:
        alt = node.content or "".join(child.content for child in node.children)
        if self._bare:
            return alt
        return f"[Image: {alt}] {self._number(str(node.attrs.get('src', '')))}"

    def _number(self, url: str) -> str:
        url = urljoin(self._page_url, url)
        if url not in self._links:
            self._links.append(url)
        return f"[{self._links.index(url) + 1}]"


def _rows(table: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    return [row for part in table.children for row in part.children]


def _indent(text: str, sign: str) -> str:
    return "\n".join((sign + line).rstrip() for line in text.split("\n"))


def _without_tags(html: str) -> str:
    return unescape(_HTML_TAG.sub("", html)).strip()


def _width(text: str) -> int:
    """Columns a monospaced terminal needs."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
