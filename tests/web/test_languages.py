"""The site speaks three languages, whole ones, and each reader theirs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from newsletter.web.languages import LANGUAGES, ago, ago_until, direction, wanted_language
from newsletter.wiring import House
from tests.support.factories import make_post
from tests.support.words import catalogue_of, collected, is_translated
from tests.web.conftest import Place

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
TRANSLATED = [code for code in LANGUAGES if code != "en"]
MARKS = re.compile(r"%\(\w+\)s|\{\w+\}|</?\w+[^>]*>|`[^`]*`")


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_text_is_translated_and_none_is_left_over(code: str) -> None:
    catalogue, texts = catalogue_of(code), {message.id for message in collected() if message.id}

    assert {message.id for message in catalogue if message.id} == texts, "python -m tests.support.words"
    assert [message.id for message in catalogue if message.id and not is_translated(message)] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_holds_what_its_text_holds(code: str) -> None:
    for message in catalogue_of(code):
        if message.id:
            one = message.id if isinstance(message.id, str) else message.id[0]
            words = [message.string] if isinstance(message.string, str) else message.string
            for each in words or ():
                assert sorted(MARKS.findall(each)) == sorted(MARKS.findall(one)), message.id


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", ""),
        ("", "de-AT,de;q=0.9,en;q=0.5", "de"),
        ("", "fr,ar;q=0.3", "ar"),
        ("", "fr", ""),
        ("ar", "de", "ar"),
        ("klingon", "de", "de"),
        ("", "*", "en"),
        ("", ",;q=x,,;" * 400, ""),
    ],
)
def test_a_reader_gets_what_they_chose_or_what_their_browser_asks_for(
    cookie: str, accepted: str, language: str
) -> None:
    assert wanted_language(cookie, accepted) == language


def test_arabic_runs_from_right_to_left() -> None:
    assert {code: direction(code) for code in LANGUAGES} == {"en": "ltr", "de": "ltr", "ar": "rtl"}


@pytest.mark.parametrize("path", ["/", "/archive", "/p/first", "/subscribe", "/search?q=x", "/p/nothing"])
@pytest.mark.parametrize("code", TRANSLATED)
def test_pages_speak_the_readers_language(
    house: House, place: Place, browser: FlaskClient, path: str, code: str
) -> None:
    with house.database.writing() as session:
        make_post(session, place.mail, place.author, title="First", published=True)
    page = browser.get(path, headers={"Accept-Language": code}).text
    subscribe = catalogue_of(code)["Subscribe"].string

    assert f'<html lang="{code}"' in page
    assert f">{subscribe}</a>" in page
    assert ">Subscribe</" not in page


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=-90), "just now"),
        (timedelta(0), "just now"),
        (timedelta(seconds=70), "1 minute ago"),
        (timedelta(minutes=59, seconds=50), "59 minutes ago"),
        (timedelta(hours=22, minutes=10), "22 hours ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=7), "November 19, 2026"),
    ],
)
def test_how_long_ago_is_said_for_a_week_and_then_the_date(passed: timedelta, words: str) -> None:
    assert ago(NOW - passed, NOW, "UTC") == words


def test_a_label_says_the_same_until_the_moment_it_is_good_for() -> None:
    moment = NOW
    now = NOW + timedelta(seconds=1)
    seen = []
    while (until := ago_until(moment, now)) is not None:
        assert until > now
        assert ago(moment, now, "UTC") == ago(moment, until - timedelta(seconds=1), "UTC")
        seen.append(ago(moment, now, "UTC"))
        now = until

    assert len(dict.fromkeys(seen)) > 80
    assert now - moment == timedelta(days=7)
