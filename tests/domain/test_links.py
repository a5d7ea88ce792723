"""Every address a mail may carry, and what it stands for when it comes back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.errors import BadLink, ExpiredLink
from newsletter.domain.identifiers import public_id_from
from newsletter.domain.links import Links, SectionLinks
from newsletter.domain.tokens import Purpose, keyring_from

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SITE = "https://letters.example"
LINKS = Links(SITE, keyring_from("a secret for tests only, as long as it needs to be"))
RAW_ONE, RAW_OTHER = b"\x00\x01\x02\x03\x04\x05\x06\x07", b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"
ONE, OTHER = public_id_from(RAW_ONE), public_id_from(RAW_OTHER)

WRITERS: dict[str, str] = {
    "confirm": LINKS.confirm(ONE, NOW),
    "unsubscribe": LINKS.unsubscribe(ONE, OTHER),
    "preferences": LINKS.preferences(ONE),
    "sign in": LINKS.sign_in(ONE, NOW),
}
READERS: dict[str, Callable[[str, datetime], object]] = {
    "confirm": LINKS.open_confirm,
    "unsubscribe": LINKS.open_unsubscribe,
    "preferences": LINKS.open_preferences,
    "sign in": LINKS.open_sign_in,
}


@pytest.mark.parametrize(
    ("link", "path", "purpose", "payload", "good_for"),
    [
        (LINKS.confirm(ONE, NOW), "confirm", Purpose.CONFIRM, RAW_ONE, timedelta(days=7)),
        (LINKS.unsubscribe(ONE, OTHER), "u", Purpose.UNSUBSCRIBE, RAW_ONE + RAW_OTHER, None),
        (LINKS.preferences(ONE), "preferences", Purpose.PREFERENCES, RAW_ONE, None),
        (LINKS.sign_in(ONE, NOW), "sign-in", Purpose.SIGN_IN, RAW_ONE, timedelta(minutes=15)),
    ],
    ids=["confirm", "unsubscribe", "preferences", "sign in"],
)
def test_a_link_is_its_page_and_a_token_for_that_page_alone(
    link: str, path: str, purpose: Purpose, payload: bytes, good_for: timedelta | None
) -> None:
    token = LINKS.keyring.sign(purpose, payload, None if good_for is None else NOW + good_for)

    assert link == f"{SITE}/{path}/{token}"


def test_the_front_page_and_a_post_need_no_token() -> None:
    assert LINKS.home() == f"{SITE}/"
    assert LINKS.post("a-slug") == f"{SITE}/p/a-slug"


def test_a_site_address_may_end_in_a_slash() -> None:
    links = Links(SITE + "/", LINKS.keyring)

    assert links.home() == LINKS.home()
    assert links.preferences(ONE) == LINKS.preferences(ONE)


def test_an_unsubscribe_link_names_its_subscriber_and_its_section() -> None:
    token = token_of(LINKS.unsubscribe(ONE, OTHER))

    assert LINKS.open_unsubscribe(token, NOW) == (ONE, OTHER)


def test_an_unsubscribe_link_never_expires() -> None:
    token = token_of(LINKS.unsubscribe(ONE, OTHER))

    assert LINKS.open_unsubscribe(token, NOW + timedelta(days=36_500)) == (ONE, OTHER)


def test_a_confirm_link_names_its_consent_for_seven_days() -> None:
    token = token_of(LINKS.confirm(ONE, NOW))

    assert LINKS.open_confirm(token, NOW + timedelta(days=7)) == ONE
    with pytest.raises(ExpiredLink):
        LINKS.open_confirm(token, NOW + timedelta(days=7, minutes=1))


def test_a_sign_in_link_names_its_sign_in_for_fifteen_minutes() -> None:
    token = token_of(LINKS.sign_in(ONE, NOW))

    assert LINKS.open_sign_in(token, NOW + timedelta(minutes=15)) == ONE
    with pytest.raises(ExpiredLink):
        LINKS.open_sign_in(token, NOW + timedelta(minutes=16))


def test_a_preferences_link_names_its_subscriber_for_ever() -> None:
    token = token_of(LINKS.preferences(ONE))

    assert LINKS.open_preferences(token, NOW + timedelta(days=36_500)) == ONE


def test_an_unsubscribe_link_stays_the_same_in_every_letter() -> None:
    assert LINKS.unsubscribe(ONE, OTHER) == LINKS.unsubscribe(ONE, OTHER)


def test_a_preferences_link_ends_in_its_token() -> None:
    assert token_of(LINKS.preferences(ONE)) == LINKS.preferences_token(ONE)


@pytest.mark.parametrize(("writer", "reader"), [*permutations(WRITERS, 2)])
def test_a_link_for_one_page_is_refused_at_every_other(writer: str, reader: str) -> None:
    token = token_of(WRITERS[writer])

    with pytest.raises(BadLink):
        READERS[reader](token, NOW)


def test_a_link_for_a_thing_without_a_public_id_cannot_be_written() -> None:
    with pytest.raises(ValueError, match=r"eight bytes|padding|digit"):
        LINKS.preferences("not an id")


@pytest.mark.parametrize("site", [SITE, SITE + "/", "http://localhost:8000", "https://a.example/b/c"])
def test_the_links_of_a_section_stand_at_its_site(site: str) -> None:
    links = Links(site, LINKS.keyring)

    assert SectionLinks(links, OTHER).of(ONE)[:2] == (links.unsubscribe(ONE, OTHER), links.preferences(ONE))


@given(st.lists(st.binary(min_size=8, max_size=8).map(public_id_from), max_size=5))
def test_the_links_of_a_section_are_those_written_one_by_one(subscribers: list[str]) -> None:
    section = SectionLinks(LINKS, OTHER)

    assert [section.of(each)[:2] for each in subscribers] == [
        (LINKS.unsubscribe(each, OTHER), LINKS.preferences(each)) for each in subscribers
    ]


def test_the_links_of_a_section_need_public_ids() -> None:
    with pytest.raises(ValueError, match=r"eight bytes|padding|digit"):
        SectionLinks(LINKS, "not an id")
    with pytest.raises(ValueError, match=r"eight bytes|padding|digit"):
        SectionLinks(LINKS, OTHER).of("not an id")


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


def test_names_in_any_script_are_written_for_the_wire() -> None:
    assert LINKS.section("überblick").endswith("/s/%C3%BCberblick")
    assert LINKS.post("رسالة").isascii()
