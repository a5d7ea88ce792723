"""Reads HTML back, so that tests can ask what a reader gets."""

from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "meta", "link"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self.open), data))


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def elements(html: str, tag: str) -> list[dict[str, str | None]]:
    """The attributes of every element with this tag."""
    return [attributes for name, attributes in _read(html).elements if name == tag]


def tags(html: str) -> set[str]:
    """Every tag there is."""
    return {name for name, _attributes in _read(html).elements}


def attribute_names(html: str) -> set[str]:
    """Every attribute there is."""
    return {key for _name, attributes in _read(html).elements for key in attributes}


def text_in(html: str, tag: str = "") -> str:
    """The text, or the text inside elements with this tag."""
    return "".join(data for path, data in _read(html).texts if not tag or tag in path)
