"""CSS text taken apart: plain rules to inline, and everything else, minified, for the style block.

The splitter follows CSS Syntax Module Level 3 just far enough to know where comments, strings, brackets
and blocks begin and end. Values and strings pass through as they were written.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from premailer.merge_style import csstext_to_pairs

from newsletter.domain.errors import BadSetting

_TOKEN = re.compile(
    r"""
      (?P<comment> /\*.*?\*/ | <!-- | --> )
    | (?P<string> "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' )
    | (?P<url> url\(\s*(?:[^"'()\\\s]|\\.)*\s*\) )
    | (?P<space> \s+ )
    | (?P<mark> [{}()\[\];:,>!] )
    | (?P<word> (?: [^\s"'\\{}()\[\];:,>!/<-] | \\. | /(?!\*) | <(?!!--) | -(?!->) )+ )
    | (?P<broken> . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_COMMENT, _SPACE = "/**/", " "
_CLOSING = {"(": ")", "[": "]"}
# A space beside these means nothing; everywhere else it may be the descendant combinator.
_BEFORE_IN_SELECTOR = frozenset({",", ">", "+", "~", ")", "]"})
_AFTER_IN_SELECTOR = frozenset({",", ">", "+", "~", "(", "["})
_IN_VALUE = frozenset({"!"})
_NOWHERE: frozenset[str] = frozenset()

_NAME = r"-?[^\W\d][\w-]*"
_COMPOUND = rf"(?=[\w.#])(?:[a-zA-Z][a-zA-Z0-9-]*)?(?:[.#]{_NAME})*"
_PLAIN_SELECTOR = re.compile(rf"{_COMPOUND}(?:[ >]{_COMPOUND})*")
_PROPERTY = re.compile(r"-{0,2}[a-zA-Z_][\w-]*")
_IMPORTANT = re.compile(r"!important$", re.IGNORECASE)
_VARIABLE = re.compile(r"(?<![\w-])var\(", re.IGNORECASE)
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'", re.DOTALL)

_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))", re.DOTALL)
_CLASS = re.compile(r"\.((?:[\w-]|\\[0-9a-fA-F]{1,6}\s?|\\.)+)")
_CLASS_ATTRIBUTE = re.compile(r"\[\s*class\b", re.IGNORECASE)


@dataclass(frozen=True)
class Declaration:
    """A property and its value as written; text that is no declaration has an empty name."""

    name: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}:{self.value}" if self.name else self.value


@dataclass(frozen=True)
class Rule:
    """Declarations for one plain selector: types, classes and ids, joined by spaces or `>`."""

    selector: str
    declarations: tuple[Declaration, ...]


@dataclass(frozen=True)
class Stylesheet:
    """Rules to inline in their order, and the CSS that only works in a style block."""

    rules: tuple[Rule, ...]
    kept: str


@dataclass(frozen=True)
class _Segment:
    """The tokens up to a brace or semicolon, or up to the end of the text."""

    tokens: tuple[str, ...]
    end: str

    @property
    def is_at_rule(self) -> bool:
        return bool(self.tokens) and self.tokens[0].startswith("@")


@lru_cache(maxsize=64)
def read_stylesheet(css: str) -> Stylesheet:
    """Take a style block apart. Raises BadSetting for what no letter may have or no inliner can carry."""
    rules: list[Rule] = []
    kept: list[str] = []
    for head, *body in _statements(css):
        if head.end == "{" and not head.is_at_rule:
            selectors = _selectors(head)
            plain = [selector for selector in selectors if _PLAIN_SELECTOR.fullmatch(selector)]
            others = [selector for selector in selectors if selector not in plain]
            rules += [Rule(selector, _inlinable(selector, body)) for selector in plain]
            if others:
                kept.append(",".join(others) + "{" + _minified(body))
        else:
            kept.append(_minified([head, *body]))
    return Stylesheet(tuple(rules), "".join(kept))


@lru_cache(maxsize=1024)
def read_style_attribute(style: str) -> tuple[Declaration, ...]:
    """The declarations of a style attribute; one that is broken stays in one piece, without a name."""
    try:
        segments = list(_segments(style))
    except BadSetting:
        return (Declaration("", style.strip()),)
    if any(segment.end in {"{", "}"} for segment in segments):
        return (Declaration("", style.strip()),)
    return tuple(_declaration(segment) for segment in segments if segment.tokens)


def named_classes(css: str) -> frozenset[str] | None:
    """The classes that selectors name; None when one reads class attributes as text and may mean any."""
    if _CLASS_ATTRIBUTE.search(css):
        return None
    return frozenset(_unescaped(name) for name in _CLASS.findall(css))


def single_quoted(css: str) -> str:
    """The same CSS with its strings in single quotes where that needs no escape, for attributes."""
    return _STRING.sub(_in_single_quotes, css)


def _in_single_quotes(match: re.Match[str]) -> str:
    string = match.group()
    return f"'{string[1:-1]}'" if string[0] == '"' and "'" not in string else string


def _statements(css: str) -> Iterator[list[_Segment]]:
    """Rules and at-rules of the top level, each with all the segments inside it."""
    depth = 0
    statement: list[_Segment] = []
    for segment in _segments(css):
        if _unescaped("".join(segment.tokens)).lower().startswith("@import"):
            raise BadSetting("A mail template uses @import, which no letter may; write the rules themselves.")
        statement.append(segment)
        depth += {"{": 1, "}": -1}.get(segment.end, 0)
        if depth < 0 or (
            depth == 0 and segment.end == ";" and segment.tokens and not statement[0].is_at_rule
        ):
            raise _unbalanced(segment)
        if depth == 0 and segment.end:
            if statement[0].tokens or len(statement) > 1:
                yield statement
            statement = []
    if depth or any(segment.tokens for segment in statement):
        raise _unbalanced(statement[0])


def _segments(css: str) -> Iterator[_Segment]:
    tokens: list[str] = []
    closing: list[str] = []
    for match in _TOKEN.finditer(css):
        token = {"comment": _COMMENT, "space": _SPACE}.get(match.lastgroup or "", match.group())
        if match.lastgroup == "broken":
            raise _unbalanced(_Segment((*tokens, css[match.start() :]), ""))
        if token in _CLOSING:
            closing.append(_CLOSING[token])
        elif token in {")", "]"} and (not closing or closing.pop() != token):
            raise _unbalanced(_Segment((*tokens, token), ""))
        elif not closing and token in {"{", "}", ";"}:
            yield _Segment(_stripped(tokens), token)
            tokens = []
            continue
        tokens.append(token)
    if closing:
        raise _unbalanced(_Segment(tuple(tokens), ""))
    yield _Segment(_stripped(tokens), "")


def _stripped(tokens: Sequence[str]) -> tuple[str, ...]:
    meant = [index for index, token in enumerate(tokens) if token not in {_COMMENT, _SPACE}]
    return tuple(tokens[meant[0] : meant[-1] + 1]) if meant else ()


def _joined(
    tokens: Sequence[str], gap: str, before: frozenset[str] = _NOWHERE, after: frozenset[str] = _NOWHERE
) -> str:
    """The text of tokens: a gap for every comment, single spaces, and none `before` and `after` marks."""
    words: list[str] = []
    for written in _stripped(tokens):
        token = gap if written == _COMMENT else written
        last = words[-1] if words else ""
        if not token or (token == _SPACE and (last == _SPACE or last in after)):
            continue
        if last == _SPACE and token in before:
            words.pop()
        words.append(token)
    return "".join(words)


def _selectors(head: _Segment) -> list[str]:
    """The selectors of a list, minified; commas inside brackets do not part them."""
    groups: list[list[str]] = [[]]
    depth = 0
    for mark in head.tokens:
        depth += (mark in _CLOSING) - (mark in _CLOSING.values())
        if mark == "," and depth == 0:
            groups.append([])
        else:
            groups[-1].append(mark)
    selectors = [_selector(group) for group in groups]
    if not all(selectors):
        raise BadSetting(f"A mail template has CSS with an empty selector in “{_shown(head)}”.")
    return selectors


def _selector(tokens: Sequence[str]) -> str:
    return _joined(tokens, gap="", before=_BEFORE_IN_SELECTOR, after=_AFTER_IN_SELECTOR)


def _declaration(segment: _Segment) -> Declaration:
    tokens = segment.tokens
    if ":" not in tokens:
        return Declaration("", _joined(tokens, gap=_SPACE))
    colon = tokens.index(":")
    name = _joined(tokens[:colon], gap="")
    value = _joined(tokens[colon + 1 :], gap=_SPACE, before=_IN_VALUE, after=_IN_VALUE)
    return Declaration(name if name.startswith("--") else name.lower(), value)


def _minified(segments: Sequence[_Segment]) -> str:
    parts: list[str] = []
    for segment in segments:
        text = _tidied(segment)
        if segment.end == ";" and not text:
            continue
        if segment.end == "}" and not text and parts and parts[-1] == ";":
            parts.pop()
        parts += [text, segment.end]
    return "".join(parts)


def _tidied(segment: _Segment) -> str:
    if segment.is_at_rule:
        return _joined(segment.tokens, gap=_SPACE)
    return _selector(segment.tokens) if segment.end == "{" else str(_declaration(segment))


def _inlinable(selector: str, body: Sequence[_Segment]) -> tuple[Declaration, ...]:
    if any(segment.end == "{" for segment in body):
        raise BadSetting(f"A mail template nests CSS inside “{selector}”; write the inner rule by itself.")
    return tuple(_checked(_declaration(segment), selector) for segment in body if segment.tokens)


def _checked(declaration: Declaration, selector: str) -> Declaration:
    """Refuse what would be lost or would win where it must not once it stands in an attribute."""
    where = f"“{declaration}” for “{selector}”"
    if not declaration.value or not _PROPERTY.fullmatch(declaration.name):
        raise BadSetting(f"A mail template has {where}, which is no CSS declaration.")
    if _IMPORTANT.search(declaration.value):
        raise BadSetting(
            f"A mail template has {where}: in a style attribute !important would win over media queries "
            "and lose its rank among rules; put the rule into a media query or leave !important out."
        )
    if _VARIABLE.search(_STRING.sub("", declaration.value)) or not _can_be_read(str(declaration)):
        raise BadSetting(
            f"A mail template has {where}, which mail programs do not know; write an older form."
        )
    return declaration


@lru_cache(maxsize=1024)
def _can_be_read(declaration: str) -> bool:
    """Whether premailer's parser gives the declaration back; it drops what is too new for it."""
    logging.getLogger("CSSUTILS").setLevel(logging.CRITICAL)  # it would tell stderr; we tell the publisher
    return len(csstext_to_pairs(declaration.lower(), validate=False)) == 1  # it drops RGB(), which is rgb()


def _unescaped(name: str) -> str:
    """A name without its CSS escapes (CSS Syntax section 4.3.7)."""
    return _ESCAPE.sub(_escaped_character, name)


def _escaped_character(match: re.Match[str]) -> str:
    if not match[1]:
        return match[2]
    number = int(match[1], 16)
    return chr(number) if 0 < number <= 0x10FFFF else "\ufffd"


def _unbalanced(segment: _Segment) -> BadSetting:
    return BadSetting(
        "A mail template has CSS whose braces, brackets, quotation marks or comments do not match, "
        f"near “{_shown(segment)}”."
    )


def _shown(segment: _Segment) -> str:
    return (_joined(segment.tokens, gap=_SPACE) + segment.end)[:60]
