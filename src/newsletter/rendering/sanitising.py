"""What of HTML is safe. Sanitising comes last, so nothing that renders can undo it."""

import re

import nh3

_TEXT = {
    *("a", "abbr", "b", "blockquote", "br", "cite", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2"),
    *(
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
    ),
    *("small", "span", "strong", "sub", "sup", "u", "ul", "var", "wbr"),
    *("caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
}
_PAGE = {"aside", "details", "figcaption", "figure", "section", "summary"}
KNOWN_TAGS = frozenset(_TEXT | _PAGE)
"""What a letter or a page shows; of anything else the words stay at most."""

# Ours only: an author's class could take the look of what hides, or of our frame.
_LETTER_CLASSES = {
    "table": {"callout", "button", "card", "code", "grid"},
    "td": {"note", "tip", "important", "warning", "caution"},
    "p": {"callout-title", "picture", "with-caption", "caption"},
    "div": {"wide", "footnotes"},
    "li": {"task"},
}
_PAGE_CLASSES = {
    "a": {"button", "footnote-backref"},
    "aside": {"callout", "note", "tip", "important", "warning", "caution"},
    "hr": {"footnotes-sep"},
    "li": {"task", "footnote-item"},
    "ol": {"footnotes-list"},
    "p": {"callout-title", "card"},
    "pre": {"code"},
    "section": {"footnotes"},
    "span": {"k", "s", "c", "m", "n", "gd", "gi"},
    "sup": {"footnote-ref"},
    "td": {"to-right", "to-center"},
    "th": {"to-right", "to-center"},
    "ul": {"contains-task-list"},
}
_ATTRIBUTES = {
    "*": {"id", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"style", "colspan", "rowspan"},
    "th": {"style", "colspan", "rowspan", "scope"},
    "span": {"style"},
}
_PAGE_ATTRIBUTES = _ATTRIBUTES | {
    "img": {*_ATTRIBUTES["img"], "srcset", "sizes", "loading", "decoding"},
}
_LETTER_ATTRIBUTES = _ATTRIBUTES | {
    "img": {*_ATTRIBUTES["img"], "style"},
    "table": {"role", "width", "cellspacing", "cellpadding", "border"},
    "td": {*_ATTRIBUTES["td"], "align"},
}
_STYLES = {"color", "font-weight", "font-style", "max-width", "text-align", "text-decoration"}
_DROPPED_WITH_CONTENT = {"script", "style", "iframe", "object", "form", "template", "noscript", "title"}
_COPIES = re.compile(r"(?:/media/[a-z2-7]{13}/[0-9]+\.webp [0-9]+w(?:, |$))+")
_SCHEMES = {"http", "https", "mailto", "tel"}


def clean_page(html: str) -> str:
    """Keep what a page may show."""
    return nh3.clean(
        html,
        tags=_TEXT | _PAGE,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_PAGE_ATTRIBUTES,
        attribute_filter=_only_our_copies,
        allowed_classes=_PAGE_CLASSES,
        filter_style_properties=_STYLES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


def _only_our_copies(_tag: str, attribute: str, value: str) -> str | None:
    """Of copies a browser may choose from, only ours: nobody else's are checked."""
    return None if attribute == "srcset" and not _COPIES.fullmatch(value) else value


def clean_letter(html: str, base: str) -> str:
    """Keep what a letter may show, every address absolute; what a mail program cannot fold out is open."""
    return nh3.clean(
        html,
        tags=_TEXT,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_LETTER_ATTRIBUTES,
        allowed_classes=_LETTER_CLASSES,
        filter_style_properties=_STYLES,
        url_schemes=_SCHEMES,
        url_relative=("rewrite_with_base", base),
        link_rel=None,
    )
