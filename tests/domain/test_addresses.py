"""What an address is, and everything people and attackers type instead."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.addresses import MAX_ADDRESS, Address, parse_address
from newsletter.domain.errors import BadAddress

LONGEST = "a" * 64 + "@" + ("b" * 61 + ".") * 3 + "org"

GOOD = {
    "plain": ("reader@example.org", "reader@example.org"),
    "tag": ("reader+news@example.org", "reader+news@example.org"),
    "every special character": ("!#$%&'*+/?=^`{|}~-_@example.org", "!#$%&'*+/?=^`{|}~-_@example.org"),
    "dots inside": ("a.b.c@example.org", "a.b.c@example.org"),
    "one letter": ("a@b.co", "a@b.co"),
    "spaces around": ("  reader@example.org\n", "reader@example.org"),
    "local case kept": ("Reader@example.org", "Reader@example.org"),
    "domain case folded": ("reader@EXAMPLE.Org", "reader@example.org"),
    "upper-case ending": ("reader@EXAMPLE.MX", "reader@example.mx"),
    "root dot": ("reader@example.org.", "reader@example.org"),
    "deep domain": ("reader@a.b.c.example.org", "reader@a.b.c.example.org"),
    "digits in a name": ("reader@123.example.org", "reader@123.example.org"),
    "IDN": ("reader@bücher.example", "reader@xn--bcher-kva.example"),
    "IDN upper case": ("reader@BÜCHER.example", "reader@xn--bcher-kva.example"),
    "IDN decomposed": ("reader@bu\u0308cher.example", "reader@xn--bcher-kva.example"),
    "A-label": ("reader@xn--bcher-kva.example", "reader@xn--bcher-kva.example"),
    "full-width domain": ("reader@ｅｘａｍｐｌｅ.org", "reader@example.org"),
    "ideographic full stop": ("reader@example。org", "reader@example.org"),
    "IDN ending": ("reader@例え.テスト", "reader@xn--r8jz45g.xn--zckzah"),
    "sharp s": ("reader@faß.example", "reader@xn--fa-hia.example"),
    "non-ASCII local": ("josé@example.org", "josé@example.org"),
    "decomposed local": ("jose\u0301@example.org", "josé@example.org"),
    "longest local": ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    "254 characters": (LONGEST, LONGEST),
}

HOSTILE = {
    "encoded word": "=?utf-8?q?x?=@example.org",
    "nothing": "",
    "only spaces": "   ",
    "no at": "reader.example.org",
    "no local": "@example.org",
    "no domain": "reader@",
    "only at": "@",
    "two at": "a@b@example.org",
    "newline": "reader\n@example.org",
    "carriage return": "reader@exam\rple.org",
    "second command": "reader@example.org>\r\nRCPT TO:<victim@example.org",
    "NUL": "rea\0der@example.org",
    "tab": "rea\tder@example.org",
    "DEL": "rea\x7fder@example.org",
    "C1 control": "rea\x85der@example.org",
    "space in local": "rea der@example.org",
    "space in domain": "reader@exam ple.org",
    "quoted local": '"rea der"@example.org',
    "lone quote": 'rea"der@example.org',
    "backslash": "rea\\der@example.org",
    "angle brackets": "<reader@example.org>",
    "comment": "reader(comment)@example.org",
    "list of two": "reader@example.org,other@example.org",
    "semicolon": "reader;other@example.org",
    "route": "@relay.example:reader@example.org",
    "right-to-left override": "rea\u202eder@example.org",
    "isolate": "rea\u2066der@example.org",
    "zero-width space": "rea\u200bder@example.org",
    "zero-width joiner": "rea\u200dder@example.org",
    "soft hyphen": "rea\u00adder@example.org",
    "byte order mark": "rea\ufeffder@example.org",
    "line separator": "rea\u2028der@example.org",
    "paragraph separator": "rea\u2029der@example.org",
    "lone surrogate": "rea\ud800der@example.org",
    "private use": "rea\ue000der@example.org",
    "unassigned": "rea\u0378der@example.org",
    "leading dot": ".reader@example.org",
    "trailing dot": "reader.@example.org",
    "double dot": "rea..der@example.org",
    "domain leading dot": "reader@.example.org",
    "domain double dot": "reader@example..org",
    "only dots": "reader@...",
    "one label": "reader@localhost",
    "IP literal": "reader@[192.0.2.1]",
    "IPv6 literal": "reader@[IPv6:2001:db8::1]",
    "bare IP": "reader@192.0.2.1",
    "numeric ending": "reader@example.123",
    "full-width numeric ending": "reader@example.１２３",
    "underscore": "reader@ex_ample.org",
    "label starts with hyphen": "reader@-example.org",
    "label ends with hyphen": "reader@example-.org",
    "broken A-label": "reader@xn--a.org",
    "percent": "reader@example.org%00",
    "slash": "reader@example.org/",
    "port": "reader@example.org:25",
    "long label": "reader@" + "a" * 64 + ".org",
    "long local": "a" * 65 + "@example.org",
    "long local in bytes": "ü" * 33 + "@example.org",
    "300 characters": "a" * 60 + "@" + ("b" * 58 + ".") * 4 + "org",
    "255 characters": "a" * 64 + "@" + ("b" * 61 + ".") * 3 + "info",
    "a megabyte": "reader@" + "a" * 1_000_000 + ".org",
}

TYPED = st.text(
    st.sampled_from("aB0.@-_+ \r\n\0\t<>\"'\\ü\u0301ßẞſK。．١\u202e\u200b\u2028\ud800"), max_size=40
)


@pytest.mark.parametrize(("typed", "wire"), GOOD.values(), ids=GOOD)
def test_an_address_is_read_into_what_the_envelope_needs(typed: str, wire: str) -> None:
    address = parse_address(typed)

    assert address.wire == wire


@pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE)
def test_what_cannot_be_mailed_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(BadAddress) as refused:
        parse_address(typed)

    assert str(refused.value).endswith(".")


def test_an_address_is_cut_at_its_at() -> None:
    address = parse_address("Reader+news@Example.org")

    assert address == Address("Reader+news", "example.org")


def test_an_empty_field_is_asked_for_by_name() -> None:
    with pytest.raises(BadAddress, match="type your email address"):
        parse_address(" \t ")


@pytest.mark.parametrize("typed", ["reader", "reader@", "@example.org", "@"])
def test_what_lacks_a_part_is_shown_an_example(typed: str) -> None:
    with pytest.raises(BadAddress, match=r"looks like name@example\.org"):
        parse_address(typed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Reader@example.org", "reader@example.org"),
        ("READER@EXAMPLE.ORG", "reader@example.org"),
        ("reader@BÜCHER.example", "reader@xn--bcher-kva.example"),
        ("JOSÉ@example.org", "jose\u0301@example.org"),
        ("reader@example.org.", "reader@example.org"),
    ],
    ids=["local case", "all upper case", "IDN", "composed and decomposed", "root dot"],
)
def test_two_spellings_of_one_mailbox_share_a_key(one: str, other: str) -> None:
    assert parse_address(one).key == parse_address(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("reader@faß.example", "reader@fass.example"),
        ("reader+a@example.org", "reader@example.org"),
        ("rea.der@example.org", "reader@example.org"),
        ("josé@example.org", "jose@example.org"),
    ],
    ids=["sharp s", "tag", "dots", "accent"],
)
def test_two_mailboxes_have_two_keys(one: str, other: str) -> None:
    assert parse_address(one).key != parse_address(other).key


@pytest.mark.parametrize(
    ("typed", "needed"),
    [("josé@example.org", True), ("用户@example.org", True), ("a@bücher.example", False), ("a@b.co", False)],
    ids=["accent", "chinese", "only the domain", "ASCII"],
)
def test_only_a_local_part_beyond_ascii_needs_smtputf8(typed: str, needed: bool) -> None:
    assert parse_address(typed).needs_smtputf8 is needed


@given(st.one_of(st.text(), st.text(st.characters()), TYPED, TYPED.map(lambda text: f"{text}@example.org")))
@settings(max_examples=100)
def test_any_text_is_an_address_safe_on_the_wire_or_a_bad_address(text: str) -> None:
    try:
        address = parse_address(text)
    except BadAddress:
        return

    assert not set("\r\n\0 <>") & set(address.wire)
    assert len(address.wire.encode()) <= MAX_ADDRESS
    assert address.domain.isascii()


@pytest.mark.parametrize(
    "text", ["a@localhost\u3002", "a@192.0.2.1\u3002", "a\xa0b@example.org", "a\u3000b@example.org"]
)
def test_other_scripts_stops_and_spaces_are_seen_through(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_address(text)


def test_a_last_full_stop_of_any_script_makes_no_second_mailbox() -> None:
    assert parse_address("a@example.org\u3002").key == parse_address("a@example.org").key
