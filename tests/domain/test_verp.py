"""Addresses that mail comes back to: written for one reader, read back by anybody's mail server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.addresses import MAX_LOCAL, parse_address
from newsletter.domain.errors import BadLink, BadSetting
from newsletter.domain.identifiers import public_id_from
from newsletter.domain.links import Links, SectionLinks
from newsletter.domain.tokens import Keyring, keyring_from
from newsletter.domain.verp import Arrival, Inbound, read_inbound

KEYRING = keyring_from("a secret for tests only, as long as it needs to be")
INBOUND = Inbound("letters", "in.example.org", KEYRING)
IDS = st.binary(min_size=8, max_size=8).map(public_id_from)
ANN, MAIL = public_id_from(b"reader-a"), public_id_from(b"sectionm")


@given(IDS, IDS)
def test_an_address_says_whom_it_is_about(subscriber: str, section: str) -> None:
    assert INBOUND.open(INBOUND.return_path(subscriber)) == Arrival(subscriber)
    assert INBOUND.open(INBOUND.leaving(subscriber, section)) == Arrival(subscriber, section)


@given(IDS, IDS)
def test_an_address_is_one_that_every_server_takes(subscriber: str, section: str) -> None:
    inbound = Inbound("a" * 19, "in.example.org", KEYRING)

    for address in (inbound.return_path(subscriber), inbound.leaving(subscriber, section)):
        assert parse_address(address).wire == address == address.lower()
        assert len(address.partition("@")[0]) <= MAX_LOCAL


def test_a_server_may_change_the_case() -> None:
    assert INBOUND.open(INBOUND.return_path(ANN).upper()) == Arrival(ANN)


def test_a_reader_has_one_return_path_for_all_letters() -> None:
    assert INBOUND.return_path(ANN) == INBOUND.return_path(ANN)


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace("+b", "+u"),
        lambda address: address.replace("+b1", "+b2"),
        lambda address: address.replace("+b1", "+b"),
        lambda address: address.replace(ANN, public_id_from(b"reader-b")),
        lambda address: address.replace("letters+", "others+"),
        lambda address: address.partition("@")[0][:-1] + "@in.example.org",
        lambda address: address.replace("@", "0@"),
        lambda _address: "letters@in.example.org",
        lambda _address: "",
        lambda _address: "letters+@in.example.org",
        lambda _address: "letters+b\u0663@in.example.org",
    ],
)
def test_an_address_that_was_changed_is_none_of_ours(change: object) -> None:
    assert callable(change)

    with pytest.raises(BadLink, match="none of ours"):
        INBOUND.open(change(INBOUND.return_path(ANN)))


def test_an_older_key_still_opens_its_addresses() -> None:
    newer = Keyring({**KEYRING.keys, 2: b"another key"}, current=2)

    assert Inbound("letters", "in.example.org", newer).open(INBOUND.return_path(ANN)) == Arrival(ANN)
    assert "+b2" in Inbound("letters", "in.example.org", newer).return_path(ANN)


def test_without_a_mailbox_no_address_is_written() -> None:
    assert read_inbound("", KEYRING) is None
    links = SectionLinks(Links("https://letters.example", KEYRING), MAIL).of(ANN)
    assert (links.leave_by_mail, links.return_path) == ("", "")


def test_with_a_mailbox_every_letter_has_both() -> None:
    links = SectionLinks(Links("https://letters.example", KEYRING, INBOUND), MAIL).of(ANN)

    assert links.leave_by_mail == INBOUND.leaving(ANN, MAIL)
    assert links.return_path == INBOUND.return_path(ANN)


@pytest.mark.parametrize("text", ["letters@in.example.org", "a@b.example"])
def test_a_mailbox_is_read_from_the_setting(text: str) -> None:
    inbound = read_inbound(text, KEYRING)

    assert inbound is not None
    assert f"{inbound.local}@{inbound.domain}" == text


@pytest.mark.parametrize("text", ["nobody", "a" * 20 + "@example.org", "a+b@example.org", "é@example.org"])
def test_a_mailbox_that_leaves_no_room_is_refused(text: str) -> None:
    with pytest.raises(BadSetting, match="NEWSLETTER_INBOUND_ADDRESS"):
        read_inbound(text, KEYRING)
