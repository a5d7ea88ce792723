"""What somebody may take along: all of theirs, nothing of others."""

import json

from newsletter.models import Identity
from newsletter.privacy.exporting import what_we_hold
from newsletter.wiring import House
from tests.privacy.conftest import EVE, NAME, SAID, Trace


def test_everything_that_is_theirs_is_in_it(house: House, trace: Trace) -> None:
    with house.database.reading() as session:
        held = what_we_hold(session, session.get_one(Identity, trace.eve.id))

    assert (held["account"]["address"], held["account"]["name"]) == (EVE.wire, NAME)
    assert held["account"]["picture"]["width"] == 8
    assert [each["browser"] for each in held["signed_in"]] == ["Firefox on Linux"]
    assert [each["address"] for each in held["changes_of_address"]] == ["eve.new@example.org"]
    assert [each["post"] for each in held["likes"]["posts"]] == ["/p/first"]
    assert len(held["likes"]["comments"]) == 1
    assert {each["markdown"] for each in held["comments"]} == {SAID}
    assert all(each["address"].startswith("/p/first/comments/") for each in held["comments"])
    assert [each["reason"] for each in held["reports"]] == [f"{NAME} minds"]
    assert len(held["muted_threads"]) == 1
    reading = held["reading"]
    assert reading["address"] == EVE.wire
    assert [(each["section"], each["state"]) for each in reading["sections"]] == [("Mail", "confirmed")]
    assert [each["kind"] for each in reading["said"]] == ["asked", "confirmed"]
    assert [(each["subject"], each["state"]) for each in reading["letters"]] == [("First", "planned")]


def test_nothing_of_others_and_no_secret_is_in_it(house: House, trace: Trace) -> None:
    with house.database.reading() as session:
        held = json.dumps(what_we_hold(session, session.get_one(Identity, trace.eve.id)))

    names: set[str] = set()  # apart from what they name: an identifier made by chance may spell a word
    json.loads(held, object_hook=names.update)
    assert not [word for word in ("ada@", "Hello", "Indeed", "is rude") if word in held]
    assert "address" in names
    assert not [name for name in names if "hash" in name]


def test_who_never_read_anything_gets_what_there_is(house: House, trace: Trace) -> None:
    with house.database.reading() as session:
        held = what_we_hold(session, session.get_one(Identity, trace.author.id))

    assert held["reading"] is None
    assert held["account"]["roles"] == ["author"]
