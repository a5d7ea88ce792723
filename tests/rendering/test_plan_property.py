"""Whatever a letter and its values hold, the merged bytes are safe on the wire and read back the same."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.holes import Hole, HoleKind
from newsletter.rendering.compose import Letter
from newsletter.rendering.plan import Press, compile_plan, dump_plan, load_plan

REPLACED = re.compile("[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
NASTY = st.sampled_from("\r\n\t\0\x0b\x0c\x1c\x85\u2028\u202e\u2067\ud800.=<>&\"'- \xa0aé漢🎈")
PLAIN = st.sampled_from("abc .,=")

TEXTS = st.one_of(
    st.text(NASTY, max_size=200),
    st.text(st.characters(), max_size=60),
    st.text(PLAIN, min_size=60, max_size=250),
    st.builds(lambda char, count: char * count, NASTY, st.integers(60, 160)),
)
FALLBACKS = st.sampled_from(["", "there", "<dear> & “reader”", ". =", "漢" * 40])
HOLES = st.tuples(st.sampled_from(["a", "b", "c"]), FALLBACKS)
PIECES = st.lists(st.one_of(TEXTS.filter(bool), HOLES), min_size=1, max_size=6)
BLANK = st.sampled_from(["", " \r\n\0"])
VALUES = st.fixed_dictionaries({"a": TEXTS, "b": TEXTS, "c": st.one_of(TEXTS, BLANK)})

Drawn = str | tuple[str, str]

# What chance may miss: values side by side, first and last, alone, and dots around them.
A, B, C = ("a", ""), ("b", ". ="), ("c", "there")
CORNERS: list[list[Drawn]] = [[A], [A, A, B], [A, ".", B], [".", A, "."], ["\n", A, "\n.", B], [A, "x", C, B]]
CORNER_VALUES = [
    {"a": "", "b": "", "c": ""},
    {"a": ".", "b": ".Ann", "c": "..."},
    {"a": "a" * 75, "b": "b" * 75 + ".", "c": "c" * 76},
    {"a": "Ann", "b": "Ann & Bo", "c": "Zoë"},
    {"a": "=", "b": " . ", "c": "\r\n.\r\n"},
]


def with_holes(drawn: list[Drawn], kind: HoleKind) -> list[str | Hole]:
    """As Markers.split gives them: never two texts in a row."""
    pieces: list[str | Hole] = []
    for each in drawn:
        piece = each if isinstance(each, str) else Hole(each[0], kind, each[1])
        if isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def straightforward(pieces: list[str | Hole], values: dict[str, str]) -> str:
    """The same text, joined the simple way."""
    parts: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts.append(piece.replace("\r\n", "\n").replace("\r", "\n"))
            continue
        text = REPLACED.sub(" ", values[piece.name]).strip() or piece.fallback
        parts.append(escape(text) if piece.kind is HoleKind.HTML else text)
    return "".join(parts).encode("utf-8", "replace").decode()


def part(raw: bytes, kind: str) -> str:
    message = message_from_bytes(raw, policy=default_policy)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    body = message.get_body((kind,))
    assert body is not None
    payload = body.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


def merged(letter: Letter, values: dict[str, str]) -> bytes:
    """The letter, by the plain way and by the press, which must be one."""
    plan = compile_plan([b"Subject: s\r\n"], letter)
    raw = plan.merge(values)
    assert Press(plan).merge(values) == raw
    return raw


@pytest.mark.parametrize("values", CORNER_VALUES, ids=["empty", "dots", "long", "names", "breaks"])
@pytest.mark.parametrize("drawn", CORNERS, ids=["alone", "beside", "dot", "dots", "lines", "ends"])
def test_corners_are_merged_as_everything_else(drawn: list[Drawn], values: dict[str, str]) -> None:
    reads_as_meant(drawn, drawn, values)
    is_safe(drawn, drawn, values)


@given(PIECES, PIECES, VALUES)
@settings(max_examples=200)
def test_what_is_merged_is_what_is_read(text: list[Drawn], html: list[Drawn], values: dict[str, str]) -> None:
    reads_as_meant(text, html, values)


def reads_as_meant(text: list[Drawn], html: list[Drawn], values: dict[str, str]) -> None:
    letter = Letter("s", with_holes(text, HoleKind.TEXT), with_holes(html, HoleKind.HTML))

    raw = merged(letter, values)

    for kind, pieces in (("plain", letter.text), ("html", letter.html)):
        expected = straightforward(list(pieces), values)
        assert part(raw, kind) in {expected, expected.removesuffix("\n")}


@given(PIECES, PIECES, VALUES)
@settings(max_examples=200)
def test_what_is_merged_is_safe_on_the_wire(
    text: list[Drawn], html: list[Drawn], values: dict[str, str]
) -> None:
    is_safe(text, html, values)


def is_safe(text: list[Drawn], html: list[Drawn], values: dict[str, str]) -> None:
    letter = Letter("s", with_holes(text, HoleKind.TEXT), with_holes(html, HoleKind.HTML))

    raw = merged(letter, values)

    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    lines = raw.split(b"\r\n")
    body = lines[lines.index(b"") :]
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert not any(line.startswith(b".") for line in lines)
    assert not any(line.endswith((b" ", b"\t")) for line in body)
    assert max(map(len, lines)) <= 998
    assert max(map(len, body)) <= 76


@given(PIECES, PIECES, VALUES)
@settings(max_examples=50)
def test_the_boundary_is_in_no_body(text: list[Drawn], html: list[Drawn], values: dict[str, str]) -> None:
    letter = Letter("s", with_holes(text, HoleKind.TEXT), with_holes(html, HoleKind.HTML))

    raw = compile_plan([b"Subject: s\r\n"], letter).merge(values)

    boundary = str(message_from_bytes(raw).get_boundary()).encode()
    assert raw.count(boundary) == 4
    assert raw.count(b"\r\n--" + boundary) == 3


@given(PIECES, PIECES)
@settings(max_examples=50)
def test_any_plan_comes_back_from_keeping(text: list[Drawn], html: list[Drawn]) -> None:
    letter = Letter("s", with_holes(text, HoleKind.TEXT), with_holes(html, HoleKind.HTML))
    plan = compile_plan([Hole("to", HoleKind.HEADER)], letter)

    assert load_plan(dump_plan(plan)) == plan
