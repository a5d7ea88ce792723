"""A mail compiled to bytes: what it looks like, how it is kept, and what it refuses."""

from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from html import escape

import pytest

from newsletter.domain.errors import BrokenPromise
from newsletter.domain.holes import Hole, HoleKind, Piece
from newsletter.rendering.compose import Letter
from newsletter.rendering.plan import FORMAT, Plan, Press, Value, compile_plan, dump_plan, load_plan

NAME_TEXT = Hole("name", HoleKind.TEXT, "there")
NAME_HTML = Hole("name", HoleKind.HTML, "there")
TO = Hole("to", HoleKind.HEADER)
LETTER = Letter("A subject", ["Hi ", NAME_TEXT, "!\n"], ["<p>Hi ", NAME_HTML, "!</p>\n"])
HEADERS: list[Piece] = [b"From: a@b.org\r\n", TO, b"Subject: A subject\r\n"]
VALUES: Mapping[str, Value] = {"name": "Ann", "to": b"To: c@d.org\r\n"}


def merged(letter: Letter, **values: Value) -> bytes:
    """The letter, by the plain way and by the press, which must be one."""
    plan = compile_plan(HEADERS, letter)
    raw = plan.merge({**VALUES, **values})
    assert Press(plan).merge({**VALUES, **values}) == raw
    return raw


def part(raw: bytes, kind: str) -> str:
    message = message_from_bytes(raw, policy=default_policy)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_merged_plan_is_a_whole_message() -> None:
    raw = merged(LETTER)

    message = message_from_bytes(raw, policy=default_policy)
    assert message.keys() == ["From", "To", "Subject", "MIME-Version", "Content-Type"]
    assert message.get_content_type() == "multipart/alternative"
    assert [each.get_content_type() for each in message.iter_parts()] == ["text/plain", "text/html"]
    assert part(raw, "plain") == "Hi Ann!"
    assert part(raw, "html") == "<p>Hi Ann!</p>"


def test_ordinary_text_is_written_as_it_is() -> None:
    raw = merged(LETTER, name="Ann & Bo")

    assert b"\r\n\r\nHi=20=\r\nAnn & Bo=\r\n!\r\n--=_" in raw
    assert b"\r\n\r\n<p>Hi=20=\r\nAnn &amp; Bo=\r\n!</p>\r\n--=_" in raw


def test_a_letter_may_begin_and_end_with_a_value() -> None:
    raw = merged(Letter("s", [NAME_TEXT, NAME_TEXT, "!\n", NAME_TEXT], ["<p>\n"]))

    assert b"\r\n\r\nAnn=\r\nAnn=\r\n!\r\nAnn=\r\n\r\n--=_" in raw


def test_a_line_is_folded_only_when_it_must_be() -> None:
    raw = merged(Letter("s", ["a" * 75 + "\n" + "b" * 76 + "\n"], ["<p>\n"]))

    assert b"\r\n%b\r\n%b=\r\nb\r\n" % (b"a" * 75, b"b" * 75) in raw


def test_a_reader_without_a_value_gets_the_fallback() -> None:
    raw = merged(LETTER, name=" \u202e\n ")

    assert part(raw, "plain") == "Hi there!"
    assert part(raw, "html") == "<p>Hi there!</p>"


def test_a_value_is_escaped_in_html_alone() -> None:
    raw = merged(LETTER, name="<b>\"A\" & 'B'")

    assert part(raw, "plain") == "Hi <b>\"A\" & 'B'!"
    assert part(raw, "html") == "<p>Hi &lt;b&gt;&quot;A&quot; &amp; &#x27;B&#x27;!</p>"


def test_a_value_is_never_a_template() -> None:
    raw = merged(LETTER, name="{{ name }}{% raw %}")

    assert part(raw, "plain") == "Hi {{ name }}{% raw %}!"


@pytest.mark.parametrize(
    "value",
    ["\r\n.\r\nQUIT", "a\r\n\r\n--=_boundary", "a\0b", "a\u2028b", "a\u202eb\u2066c", "a\x85b", "a\x7fb"],
)
def test_a_value_cannot_begin_a_line(value: str) -> None:
    raw = merged(LETTER, name=value)

    assert part(raw, "plain").count("\n") == 0
    assert not set("\r\n\0\u2028\u202e\u2066\x7f") & set(part(raw, "plain") + part(raw, "html"))
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")


def test_a_dot_is_never_the_first_of_a_line() -> None:
    letter = Letter("s", [".\n..\n", NAME_TEXT, ".\n" + "." * 300], [".", NAME_HTML, "."])

    raw = merged(letter, name="." * 300)

    assert not any(line.startswith(b".") for line in raw.split(b"\r\n"))
    assert part(raw, "plain") == ".\n..\n" + "." * 300 + ".\n" + "." * 300
    assert part(raw, "html") == "." * 302


def test_every_line_end_in_a_letter_becomes_the_one_of_mail() -> None:
    raw = merged(Letter("s", ["a\r\nb\rc\nd"], ["<p>\n"]))

    assert part(raw, "plain") == "a\nb\nc\nd"


def test_spaces_at_the_end_of_a_line_are_kept() -> None:
    raw = merged(Letter("s", ["a \nb\t\n-- \nc"], ["<p>\n"]))

    assert part(raw, "plain") == "a \nb\t\n-- \nc"
    assert not any(line.endswith((b" ", b"\t")) for line in raw.split(b"\r\n"))


@pytest.mark.parametrize("length", [1, 73, 74, 75, 76, 77, 149, 150, 151, 1000])
@pytest.mark.parametrize("char", ["a", " b", "=", "é", "🎈"])
def test_a_long_value_is_folded_and_comes_back(char: str, length: int) -> None:
    value = (char * length).strip()

    raw = merged(LETTER, name=value)

    assert part(raw, "plain") == f"Hi {value}!"
    assert max(len(line) for line in raw.split(b"\r\n")) <= 76


WAYS = [compile_plan(HEADERS, LETTER), Press(compile_plan(HEADERS, LETTER))]


@pytest.mark.parametrize("way", WAYS, ids=["plan", "press"])
def test_a_header_value_must_come_as_bytes(way: Plan | Press) -> None:
    with pytest.raises(BrokenPromise, match="header value to was not encoded"):
        way.merge({**VALUES, "to": "To: c@d.org\r\n"})


@pytest.mark.parametrize("way", WAYS, ids=["plan", "press"])
def test_a_body_value_must_come_as_text(way: Plan | Press) -> None:
    with pytest.raises(BrokenPromise, match="value name was encoded too early"):
        way.merge({**VALUES, "name": b"Ann"})


@pytest.mark.parametrize("missing", ["to", "name"])
@pytest.mark.parametrize("way", WAYS, ids=["plan", "press"])
def test_a_missing_value_is_noticed(way: Plan | Press, missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        way.merge({name: value for name, value in VALUES.items() if name != missing})


@pytest.mark.parametrize("char", [*map(chr, range(33, 127)), "é", "🎈"], ids=ascii)
def test_every_character_is_read_as_it_was_written_wherever_it_stands(char: str) -> None:
    for value in (char, f"{char}a", f"a{char}", f"a{char}b", f"a {char} b", "a" * 74 + char, "a" * 75 + char):
        raw = merged(LETTER, name=value)

        assert part(raw, "plain") == f"Hi {value}!"
        assert part(raw, "html") == f"<p>Hi {escape(value)}!</p>"
        assert not any(line.startswith(b".") or len(line) > 76 for line in raw.split(b"\r\n"))


def test_a_press_keeps_nothing_of_the_letter_before() -> None:
    plan = compile_plan(HEADERS, LETTER)
    press = Press(plan)

    names = ["Ann", "", "Zoë", "a" * 200, "Ann"]

    assert [press.merge({**VALUES, "name": name}) for name in names] == [
        plan.merge({**VALUES, "name": name}) for name in names
    ]


def test_one_letter_compiles_to_the_same_bytes_every_time() -> None:
    assert compile_plan(HEADERS, LETTER) == compile_plan(HEADERS, LETTER)


def test_different_letters_have_different_boundaries() -> None:
    first = message_from_bytes(merged(LETTER)).get_boundary()
    second = message_from_bytes(merged(Letter("s", ["Other"], ["<p>"]))).get_boundary()

    assert first != second


def test_a_kept_plan_is_the_plan() -> None:
    plan = compile_plan(HEADERS, LETTER)

    assert load_plan(dump_plan(plan)) == plan


def test_a_kept_plan_is_ascii() -> None:
    plan = compile_plan([], Letter("s", ["é", Hole("name", HoleKind.TEXT, "für dich")], ["<p>漢"]))

    assert dump_plan(plan).isascii()
    assert load_plan(dump_plan(plan)) == plan


def test_a_plan_kept_by_the_first_version_still_opens() -> None:
    kept = b'{"format": 1, "pieces": ["To: ", ["to", "header", ""], "Hi =\\r\\n", ["name", "text", "there"]]}'

    assert load_plan(kept) == Plan((b"To: ", TO, b"Hi =\r\n", NAME_TEXT))


@pytest.mark.parametrize("unknown", [0, FORMAT + 1, 99])
def test_a_plan_of_another_format_is_refused(unknown: int) -> None:
    kept = dump_plan(Plan((b"a",))).replace(b'"format": 1', b'"format": %d' % unknown)

    with pytest.raises(BrokenPromise, match=f"plan format {unknown} is not known"):
        load_plan(kept)


def test_neighbouring_segments_are_one() -> None:
    plan = compile_plan([b"A: b\r\n", b"C: d\r\n"], LETTER)

    kinds = [isinstance(piece, bytes) for piece in plan.pieces]
    assert kinds == [True, False, True, False, True]
