"""A campaign's letters, merged the fast way: the same bytes as the plain way, and what was meant by them."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import default as default_policy
from html import escape

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.domain.errors import BadInput
from newsletter.domain.holes import Hole, HoleKind
from newsletter.domain.identifiers import public_id_from
from newsletter.domain.links import Links, SectionLinks
from newsletter.domain.tokens import keyring_from
from newsletter.mail.message import Mailbox, MailingList, campaign_headers
from newsletter.publishing.letters import LONGEST_NAME, Imprint, Merger, Reader, values_for
from newsletter.rendering.compose import Letter
from newsletter.rendering.plan import Plan, compile_plan
from tests.mail.written_headers import NAMES, shown_name

NOW = 1_777_897_815.75
SECTION = public_id_from(b"section!")
END = "campaign@example.org"
KEYRING = keyring_from("a secret for tests only, as long as it needs to be")
SHORT = Links("https://letters.example", KEYRING)
LONG = Links("https://the-letters.of-a-house-with-a-long-name.example.org/and/a/path", KEYRING)

SHOWN = ("name", "address", "unsubscribe_url", "preferences_url")
BROKEN = re.compile("[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

NASTY = st.sampled_from("\r\n\t\0\x0b\x85\u2028\u202e\u2067\ud800.=?<>&\"'\\,;:@ -\xa0aZé漢א🎈")
NAMES_OF_READERS = st.one_of(
    st.text(NASTY, max_size=120),
    st.text(st.characters(), max_size=60),
    st.text(st.sampled_from("Ann B.-="), max_size=200),
    st.builds(lambda char, count: char * count, NASTY, st.integers(60, 1200)),
    st.sampled_from(["", "Ann", "Ann Reader", "Zoë Müller", "漢字太郎", "=?utf-8?q?x?=", ".", "\r\n.\r\n"]),
)
LOCALS = st.text(st.sampled_from("abcXYZ019!#$%&'*+/=?^_`{|}~.-é漢"), min_size=1, max_size=60)
DOMAINS = st.sampled_from(["example.net", "a.org", "x" * 60 + "." + "y" * 60 + ".example.com"])
READERS = st.builds(
    Reader,
    address=st.builds("{}@{}".format, LOCALS, DOMAINS),
    name=NAMES_OF_READERS,
    public_id=st.binary(min_size=8, max_size=8).map(public_id_from),
)
ANN = Reader("ann@example.net", "Ann", public_id_from(b"the  ann"))


def holes(kind: HoleKind) -> list[str | Hole]:
    """A value at the very start and end, beside another, and beside dots."""
    name, address, leave, prefer = (
        Hole(each, kind, "dear. <reader>" if each == "name" else "") for each in SHOWN
    )
    return [
        *(name, name, address, ".\n.", leave, ".", prefer, "\n"),
        *("é" * 30 + " = ", name, "<p>\n", address, leave, prefer, name),
    ]


def campaign_plan() -> Plan:
    headers = campaign_headers(
        Mailbox("The Paper", "paper@example.org"),
        "A subject",
        MailingList("L", "l.org", "https://l.org/s/l", "a:b:letter:c"),
    )
    return compile_plan(headers, Letter("A subject", holes(HoleKind.TEXT), holes(HoleKind.HTML)))


PLAN = campaign_plan()


def merger(links: Links = SHORT) -> Merger:
    return Merger(PLAN, SectionLinks(links, SECTION), Imprint(END, "paper@example.org"))


def plain_way(links: Links, reader: Reader, now: float) -> bytes:
    at = datetime.fromtimestamp(now, UTC)
    return PLAN.merge(values_for(links, SECTION, reader, f"{reader.public_id}.{END}", at))


def expected_body(links: Links, reader: Reader, kind: HoleKind) -> str:
    values = {
        "name": reader.name,
        "address": reader.address,
        "unsubscribe_url": links.unsubscribe(reader.public_id, SECTION),
        "preferences_url": links.preferences(reader.public_id),
    }
    written = ""
    for piece in holes(kind):
        if isinstance(piece, str):
            written += piece
        else:
            value = BROKEN.sub(" ", values[piece.name]).strip() or piece.fallback
            written += escape(value) if kind is HoleKind.HTML else value
    return written.encode("utf-8", "replace").decode()


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


@given(st.lists(READERS, min_size=1, max_size=4), st.sampled_from([SHORT, LONG]), st.integers(0, 2**32))
@example([ANN, Reader(ANN.address, "", ANN.public_id), ANN], SHORT, 0)
@settings(max_examples=300)
def test_a_letter_has_the_bytes_of_the_plain_way(readers: list[Reader], links: Links, now: int) -> None:
    one = merger(links)

    letters = [b"".join(one.letter(reader, now + 0.5).pieces) for reader in readers]

    assert letters == [plain_way(links, reader, now) for reader in readers]


@given(READERS, st.sampled_from([SHORT, LONG]))
@example(Reader("." * 60 + "@example.net", "." * 300, ANN.public_id), LONG)
@settings(max_examples=300)
def test_a_letter_is_read_as_it_was_meant(reader: Reader, links: Links) -> None:
    raw = b"".join(merger(links).letter(reader, NOW).pieces)

    message = message_from_bytes(raw, policy=default_policy)
    assert isinstance(message, EmailMessage)
    assert message.keys() == [*NAMES, "MIME-Version", "Content-Type"]
    assert message["Message-ID"] == f"<{reader.public_id}.{END}>"
    assert message["Date"] == "Mon, 04 May 2026 12:30:15 +0000"
    assert message["List-Unsubscribe"] == f"<{links.unsubscribe(reader.public_id, SECTION)}>"
    assert body(message, "plain") == expected_body(links, reader, HoleKind.TEXT)
    assert body(message, "html") == expected_body(links, reader, HoleKind.HTML)


@given(READERS)
@settings(max_examples=300)
def test_a_letter_names_its_reader(reader: Reader) -> None:
    raw = b"".join(merger().letter(reader, NOW).pieces)

    name = " ".join(UNSHOWN.sub(" ", reader.name).split()).encode("utf-8", "replace").decode()
    assert shown_name(raw, "To") == name
    to = message_from_bytes(raw, policy=default_policy)["To"]
    assert isinstance(to, AddressHeader)
    if reader.address.isascii() and ".." not in f".{reader.address}".replace("@", "."):
        assert [each.addr_spec for each in to.addresses] == [reader.address]


@given(READERS, st.sampled_from([SHORT, LONG]))
@settings(max_examples=300)
def test_a_letter_is_safe_on_the_wire(reader: Reader, links: Links) -> None:
    raw = b"".join(merger(links).letter(reader, NOW).pieces)

    lines = raw.split(b"\r\n")
    assert raw.endswith(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert not any(line.startswith(b".") for line in lines)
    assert max(map(len, lines)) <= 998
    in_body = lines[lines.index(b"") :]
    assert max(map(len, in_body)) <= 76
    assert not any(line.endswith((b" ", b"\t")) for line in in_body)
    assert b"".join(in_body).isascii()


@given(st.text(st.characters(), max_size=300), st.text(NASTY, max_size=40))
@settings(max_examples=200)
def test_any_address_is_merged_or_refused(address: str, hostile: str) -> None:
    for each in (address, hostile, f"ann{hostile}@example.net"):
        try:
            raw = b"".join(merger().letter(Reader(each, "Ann", ANN.public_id), NOW).pieces)
        except BadInput:
            continue
        headers = raw.split(b"\r\n\r\n")[0].decode().split("\r\n")
        assert [line.split(":")[0] for line in headers if line[0] != " "][: len(NAMES)] == NAMES
        assert f"To: Ann <{each}>" in "\r\n".join(headers).replace("\r\n ", " ")


@pytest.mark.parametrize(
    ("reader", "sentence"),
    [
        (Reader("ann@example.net", "secret" * 350_000, ANN.public_id), "hole name is longer than 10,000"),
        (Reader("secret" * 350_000 + "@example.net", "Ann", ANN.public_id), "address for the header To"),
        (Reader("secret\r\nBcc: x@y.org", "Ann", ANN.public_id), "address for the header To"),
        (Reader("", "Ann", ANN.public_id), "address for the header To"),
        (Reader("ann@example.net", "Ann", "secret"), "no valid public id"),
        (Reader("ann@example.net", "Ann", ""), "no valid public id"),
    ],
    ids=["a name of 2 MB", "an address of 2 MB", "two lines", "no address", "another id", "no id"],
)
def test_a_reader_no_letter_can_be_written_to_is_refused_without_being_quoted(
    reader: Reader, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence) as refused:
        merger().letter(reader, NOW)

    assert "secret" not in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("char", ["a", "a ", "é", "漢", "🎈", '"', "\\", "."])
def test_the_longest_name_makes_a_letter_that_relays_take(char: str) -> None:
    reader = Reader(ANN.address, (char * LONGEST_NAME)[:LONGEST_NAME], ANN.public_id)

    raw = b"".join(merger().letter(reader, NOW).pieces)

    headers = raw.split(b"\r\n\r\n")[0]
    assert raw == plain_way(SHORT, reader, NOW)
    assert len(headers) < 100_000
    assert max(map(len, headers.split(b"\r\n"))) <= 998


def test_a_reader_that_was_refused_leaves_no_trace_in_the_next_letter() -> None:
    one = merger()

    with pytest.raises(BadInput):
        one.letter(Reader("not one\r\n", "Eve", public_id_from(b"somebody")), NOW)

    assert b"".join(one.letter(ANN, NOW).pieces) == plain_way(SHORT, ANN, NOW)


def test_letters_are_dated_by_the_second() -> None:
    one = merger()

    dates = [
        message_from_bytes(b"".join(one.letter(ANN, at).pieces))["Date"]
        for at in (0.0, 0.999, 1.0, 59.5, 0.5)
    ]

    assert [date[17:] for date in dates] == [
        *("00:00:00 +0000", "00:00:00 +0000", "00:00:01 +0000", "00:00:59 +0000", "00:00:00 +0000"),
    ]


def test_the_links_in_a_letter_open_for_its_reader() -> None:
    raw = b"".join(merger().letter(ANN, NOW).pieces)

    header = str(message_from_bytes(raw, policy=default_policy)["List-Unsubscribe"])
    token = header.removeprefix("<https://letters.example/u/").removesuffix(">")
    assert SHORT.open_unsubscribe(token, datetime.fromtimestamp(NOW, UTC)) == (ANN.public_id, SECTION)
