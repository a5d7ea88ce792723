"""CSS into style attributes, because a tenth of mail programs throw the style block away.

premailer decides which rule reaches which element, and in what order. It works on a bare copy of the
document and is given a name for each rule instead of declarations, so nothing passes through its parsers
that they could change or drop. Its answers are written into the document, and the rest stays as it was.
"""

import re
from collections.abc import Mapping, Sequence

from premailer import Premailer

from newsletter.domain.errors import BadSetting
from newsletter.rendering.markup import (
    Kind,
    Piece,
    build_tree,
    read_attributes,
    split_markup,
    write_attributes,
)
from newsletter.rendering.stylesheets import (
    Declaration,
    Rule,
    Stylesheet,
    named_classes,
    read_style_attribute,
    read_stylesheet,
    single_quoted,
)

_DOCTYPE = "<!DOCTYPE html>"
_RULE_NAME = re.compile(r"rule-([0-9]+):")
_TYPE = re.compile(r"(?<![^ >])[a-zA-Z][a-zA-Z0-9-]*")
_HEX = re.compile(r"#(?:([0-9a-f])([0-9a-f])([0-9a-f])|[0-9a-f]{6})", re.IGNORECASE)
_COLOUR_NAME = re.compile(r"(?!transparent|inherit|initial|unset|revert|currentcolor)[a-z]+", re.IGNORECASE)


def inline_css(html: str) -> str:
    """Inline the plain rules of a whole document; all other CSS stays behind in one style block.

    What is kept beats an inlined rule only by saying `!important`, and an attribute selector on `style`
    sees it compact. Raises BadSetting for CSS that no letter may have or that would be lost.
    """
    pieces = list(split_markup(html.lstrip("\ufeff \t\r\n\f")))
    sheet = _stylesheet(pieces)
    reached = _reached(pieces, sheet.rules)
    comments = "".join(piece.text for piece in pieces if piece.kind is Kind.COMMENT)
    named = named_classes(sheet.kept + comments)
    texts = [
        _dressed(piece, reached.get(index, ()), named) if piece.kind is Kind.START else piece.text
        for index, piece in enumerate(pieces)
    ]
    _place_style_block(texts, pieces, sheet.kept)
    _write_doctype(texts, pieces)
    return "".join(texts)


def _stylesheet(pieces: Sequence[Piece]) -> Stylesheet:
    """All style blocks as one. Raises BadSetting when some are elsewhere or never end."""
    sheets: list[Stylesheet] = []
    for piece in pieces:
        if _is_css(piece):
            media = read_attributes(piece.text).get("media", "").strip()
            everywhere = media.lower() in {"", "all", "screen"}
            sheets.append(read_stylesheet(piece.css if everywhere else f"@media {media}{{{piece.css}}}"))
        elif piece.name == "style" and piece.kind is Kind.START:
            raise BadSetting("A mail template has a <style> that is never closed.")
        elif piece.name == "link" and "stylesheet" in read_attributes(piece.text).get("rel", "").lower():
            raise BadSetting(
                "A mail template links a stylesheet, which no letter may; write its rules into a <style>."
            )
    return Stylesheet(
        tuple(rule for sheet in sheets for rule in sheet.rules), "".join(sheet.kept for sheet in sheets)
    )


def _is_css(piece: Piece) -> bool:
    kind = read_attributes(piece.text).get("type", "") if piece.kind is Kind.STYLE else "none"
    return kind.strip().lower() in {"", "text/css"}


def _reached(pieces: Sequence[Piece], rules: Sequence[Rule]) -> Mapping[int, Sequence[Rule]]:
    """The rules for each start tag, the weakest first."""
    root, elements = build_tree(pieces)
    # The copy holds nothing to fetch or to rewrite; the options keep it so.
    Premailer(
        root,
        css_text="\n".join(
            f"{_for_premailer(rule.selector)}{{rule-{number}:0}}" for number, rule in enumerate(rules)
        ),
        disable_leftover_css=True,
        disable_validation=True,
        disable_link_rewrites=True,
        align_floating_images=False,
        allow_network=False,
        allow_loading_external_files=False,
    ).transform()
    return {
        index: [rules[int(number)] for number in _RULE_NAME.findall(element.get("style", ""))]
        for index, element in elements.items()
    }


def _for_premailer(selector: str) -> str:
    """Types in lower case, because premailer matches as XML does."""
    return _TYPE.sub(lambda match: match.group().lower(), selector)


def _dressed(piece: Piece, rules: Sequence[Rule], named: frozenset[str] | None) -> str:
    """A start tag with its style, the attributes old programs read instead, and the classes still needed."""
    attributes = read_attributes(piece.text)
    changes: dict[str, str] = {}
    if named is not None and "class" in attributes:
        changes["class"] = " ".join(word for word in attributes["class"].split() if word in named)
    declarations = _cascaded([*(rule.declarations for rule in rules), _own_style(attributes)])
    if declarations or "style" in attributes:
        changes["style"] = single_quoted(";".join(str(declaration) for declaration in declarations))
    changes |= {
        name: value for name, value in _derived(piece.name, declarations).items() if name not in attributes
    }
    changed = {name: value for name, value in changes.items() if attributes.get(name) != value or not value}
    return write_attributes(piece.text, changed) if changed else piece.text


def _own_style(attributes: Mapping[str, str]) -> tuple[Declaration, ...]:
    return read_style_attribute(attributes.get("style", ""))


def _cascaded(layers: Sequence[Sequence[Declaration]]) -> list[Declaration]:
    """The declarations of layers in order; a property leaves with a stronger layer that has it too.

    Within a layer everything stays: the second of two values may be for newer programs only.
    """
    declarations: list[Declaration] = []
    for layer in layers:
        names = {declaration.name for declaration in layer} - {""}
        declarations = [declaration for declaration in declarations if declaration.name not in names]
        declarations += layer
    return declarations


def _derived(tag: str, declarations: Sequence[Declaration]) -> dict[str, str]:
    """Attributes for programs that know little CSS, where they mean the same: `align` would float a table."""
    values = {declaration.name: declaration.value.lower() for declaration in declarations}
    found: dict[str, str] = {}
    if tag in {"body", "table", "tr", "td", "th"}:
        found["bgcolor"] = _six_digits(values.get("background-color", ""))
    if tag in {"tr", "td", "th"}:
        found["align"] = _one_of({"left", "right", "center", "justify"}, values.get("text-align"))
        found["valign"] = _one_of({"top", "middle", "bottom", "baseline"}, values.get("vertical-align"))
    if tag == "img":
        found["align"] = _one_of({"left", "right"}, values.get("float"))
    return {name: value for name, value in found.items() if value}


def _one_of(allowed: set[str], value: str | None) -> str:
    return value if value in allowed else ""


def _six_digits(colour: str) -> str:
    match = _HEX.fullmatch(colour)
    if match:
        return "#" + "".join(digit * 2 for digit in match.groups()) if match[1] else colour
    return colour if _COLOUR_NAME.fullmatch(colour) else ""


def _place_style_block(texts: list[str], pieces: Sequence[Piece], css: str) -> None:
    """Put what is kept where the last style block was, or at the end of the head if that comes earlier."""
    blocks = [index for index, piece in enumerate(pieces) if _is_css(piece)]
    for index in blocks:
        texts[index] = ""
    if css:
        ends = [i for i, piece in enumerate(pieces) if piece.kind is Kind.END and piece.name == "head"]
        place = min([blocks[-1], *ends])
        texts[place] = f"<style>{css}</style>{texts[place]}"


def _write_doctype(texts: list[str], pieces: Sequence[Piece]) -> None:
    """Standards mode, whatever was written; some mail programs know the doctype in upper case only."""
    first = next((i for i, piece in enumerate(pieces) if piece.kind in {Kind.DOCTYPE, Kind.START}), None)
    if first is not None and pieces[first].kind is Kind.DOCTYPE:
        texts[first] = _DOCTYPE
    else:
        texts.insert(0, _DOCTYPE)
