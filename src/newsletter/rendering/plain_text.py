"""A post as plain text: headings underlined, tables aligned, links numbered and listed at the end.

Paragraphs are not wrapped: each mail program fits them to its own window.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from unicodedata import east_asian_width

from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from newsletter.rendering.forms import MergeTag
from newsletter.rendering.page_form import card_words
from newsletter.rendering.raw_html import RawHtml
from newsletter.rendering.urls import join_url


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
        self._links: dict[str, int] = {}
        self._writers: Mapping[str, Callable[[SyntaxTreeNode], str]] = {
            "heading": self._heading,
            "fence": _code,
            "code_block": _code,
            "bullet_list": self._list,
            "ordered_list": self._list,
            "blockquote": self._quote,
            "table": self._table,
            "hr": lambda _node: "* * *",
            "html_block": self._raw_block,
            "alert": self._callout,
            "figure": self._figure,
            "button": self._button,
            "card": self._card,
            "footnote_block": self._footnotes,
            "inline": self._inline,
        }
        self._raw = RawHtml(lambda url: "" if bare else self._number(url))

    def blocks(self, nodes: Sequence[SyntaxTreeNode]) -> str:
        """Blocks with a blank line between."""
        return "\n\n".join(text for text in map(self._block, nodes) if text)

    def link_list(self) -> str:
        """The numbered addresses that the text refers to."""
        if not self._links:
            return ""
        return "Links\n-----\n" + "\n".join(f"[{n}] {url}" for url, n in self._links.items())

    def _block(self, node: SyntaxTreeNode) -> str:
        write = self._writers.get(node.type)
        return write(node) if write else self.blocks(node.children)

    def _quote(self, node: SyntaxTreeNode) -> str:
        return _indent(self.blocks(node.children), "> ")

    def _button(self, node: SyntaxTreeNode) -> str:
        return self._named(self._inline(node), node.meta["href"])

    def _card(self, node: SyntaxTreeNode) -> str:
        return self._named(card_words(node.meta), node.meta["href"])

    def _raw_block(self, node: SyntaxTreeNode) -> str:
        return _tidy(self._raw.words(node.content))

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
            text = _indent(self._item(item), " " * len(sign))
            items.append(sign + text[len(sign) :])
        loose = any("\n\n" in item for item in items)
        return ("\n\n" if loose else "\n").join(items)

    def _item(self, node: SyntaxTreeNode) -> str:
        text = self.blocks(node.children)
        if self._bare or "checked" not in node.meta:
            return text
        return f"[{'x' if node.meta['checked'] else ' '}] {text}"

    def _callout(self, node: SyntaxTreeNode) -> str:
        title, *rest = node.children
        return _indent("\n\n".join((self.blocks([title]) + ":", self.blocks(rest))), "| ")

    def _figure(self, node: SyntaxTreeNode) -> str:
        picture = self._inline(node)
        if node.meta["href"] and not self._bare:
            picture += f" {self._number(node.meta['href'])}"
        caption = node.meta["caption"]
        return f"{picture}\n{caption}" if caption else picture

    def _table(self, node: SyntaxTreeNode) -> str:
        cells = [row.children for row in _rows(node)]
        rows = [[self.blocks(cell.children).replace("\n", " ") for cell in row] for row in cells]
        to_right = ["right" in str(cell.attrs.get("style", "")) for cell in cells[0]]
        widths = [max(map(_width, column)) for column in zip_longest(*rows, fillvalue="")]
        lines = ["  ".join(map(_padded, row, widths, to_right)).rstrip() for row in rows]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join(lines)

    def _footnotes(self, node: SyntaxTreeNode) -> str:
        if self._bare:
            return ""
        notes = (f"[^{n}] {self.blocks(note.children)}" for n, note in enumerate(node.children, 1))
        return "Notes\n-----\n" + "\n".join(notes)

    def _inline(self, node: SyntaxTreeNode) -> str:
        return _tidy("".join(self._span(child) for child in node.children))

    def _span(self, node: SyntaxTreeNode) -> str:
        if node.type == "html_inline":
            return self._raw.words(node.content)
        if self._raw.is_silent:
            return ""
        match node.type:
            case "text" | "code_inline":
                return node.content
            case "softbreak" | "hardbreak":
                return " " if node.type == "softbreak" else "\n"
            case "merge_tag":
                return self._merge_tag(node.meta["name"], node.meta["fallback"])
            case "link":
                return self._named(self._inline(node), str(node.attrs.get("href", "")))
            case "image":
                return self._image(node)
            case "s":
                return self._inline(node) if self._bare else f"~~{self._inline(node)}~~"
            case "footnote_ref":
                return "" if self._bare else f"[^{node.meta['id'] + 1}]"
            case _:
                return self._inline(node)

    def _named(self, text: str, url: str) -> str:
        """Words that are a link; an address that is its own words needs no number."""
        if self._bare or url.removeprefix("mailto:") == text:
            return text
        return f"{text} {self._number(url)}"

    def _image(self, node: SyntaxTreeNode) -> str:
        alt = self._inline(node)
        if self._bare:
            return alt
        return f"[Image: {alt}] {self._number(str(node.attrs.get('src', '')))}"

    def _number(self, url: str) -> str:
        url = join_url(self._page_url, url)
        return f"[{self._links.setdefault(url, len(self._links) + 1)}]"


def _code(node: SyntaxTreeNode) -> str:
    return _indent(node.content.rstrip("\n"), "    ")


def _rows(table: SyntaxTreeNode) -> Sequence[SyntaxTreeNode]:
    return [row for part in table.children for row in part.children]


def _indent(text: str, sign: str) -> str:
    return "\n".join((sign + line).rstrip() for line in text.split("\n"))


def _tidy(text: str) -> str:
    """What tags left behind: no blanks around line breaks, at most one blank line."""
    if "\n" not in text:
        return text
    lines = [line.strip() for line in text.strip("\n").split("\n")]
    return "\n".join(line for index, line in enumerate(lines) if line or (index and lines[index - 1]))


def _padded(text: str, width: int, to_right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if to_right else text + blanks


def _width(text: str) -> int:
    """Columns a monospaced terminal needs."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)
