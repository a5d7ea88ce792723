"""Forms that take an address answer alike, whoever has it: the page, the status, and the work behind it."""

import pytest
from flask import Flask
from sqlalchemy import update

from newsletter.accounts.identities import claim_identity
from newsletter.audience.suppression import suppress
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import SubscriberState
from newsletter.models import Identity, Subscriber
from newsletter.wiring import House
from tests.support.factories import make_subscriber
from tests.support.queries import counting_queries
from tests.web.conftest import Place

FORMS = {
    "/sign-in": {"next": "/p/a-letter"},
    "/subscribe": {"section": "mail", "source": "subscribe page"},
}
WHO = {
    "stranger": "stranger@example.org",
    "author": "mara@example.org",
    "reader of everything": "ada@example.org",
    "reader who left": "left@example.org",
    "reader of something else": "craft@example.org",
    "somebody who signed in": "signed-in@example.org",
    "somebody who was erased": "erased@example.org",
    "somebody who complained": "complained@example.org",
}


@pytest.fixture
def people(house: House, place: Place) -> None:
    now = house.now()
    with house.database.writing() as session:
        make_subscriber(
            session, place.publication, address=WHO["reader who left"], state=SubscriberState.LEFT
        )
        make_subscriber(session, place.publication, place.craft, address=WHO["reader of something else"])
        for who in ("somebody who signed in", "somebody who was erased"):
            claim_identity(session, place.publication.id, parse_address(WHO[who]), now).confirmed_at = now
            make_subscriber(session, place.publication, address=WHO[who])
        for model in (Identity, Subscriber):
            session.execute(
                update(model)
                .where(model.address == WHO["somebody who was erased"])
                .values(address=None, address_key="erased " + model.public_id, erased_at=now)
            )
        address = parse_address(WHO["somebody who complained"])
        suppress(session, house.hasher, place.publication.id, address, reason="complaint", now=now)


def send(app: Flask, path: str, address: str, stamp: str):
    form = {**FORMS[path], "address": address, "stamp": stamp, "language": "en"}
    return app.test_client().post(path, data=form)


@pytest.mark.parametrize("path", FORMS)
def test_the_answer_is_the_same_to_the_letter(app: Flask, house, people, stamp: str, path: str) -> None:
    answers = set()
    for address in WHO.values():
        answer = send(app, path, address, stamp)
        headers = [
            (name, value.partition("=")[0] if name == "Set-Cookie" else value)
            for name, value in answer.headers
            if name != "Content-Length"
        ]
        text = answer.text.replace(address, "ADDRESS")
        answers.add((answer.status_code, tuple(headers), remove_stamps(text)))

    assert len(answers) == 1


def remove_stamps(page: str) -> str:
    """A page without the moment it was made at, which is in its form for asking again."""
    return "".join(line for line in page.splitlines() if 'name="stamp"' not in line)


@pytest.mark.parametrize("path", FORMS)
def test_asking_again_and_again_answers_the_same(app: Flask, house, people, stamp: str, path: str) -> None:
    for address in (WHO["stranger"], WHO["author"], WHO["reader of everything"]):
        answers = {
            (answer.status_code, remove_stamps(answer.text))
            for answer in (send(app, path, address, stamp) for _time in range(8))
        }
        assert len(answers) == 1


def test_signing_in_asks_the_database_the_same_for_everybody(app: Flask, house, people, stamp: str) -> None:
    statements = set()
    for address in WHO.values():
        with counting_queries(house) as counter:
            send(app, "/sign-in", address, stamp)
        statements.add(tuple(each.partition("VALUES")[0] for each in counter.statements))

    assert len(statements) == 1


def test_subscribing_asks_about_the_same_for_a_reader_and_a_stranger(
    app: Flask, house, people, stamp: str
) -> None:
    """A stranger is written down and a reader is only told so: a handful of statements more or less."""
    numbers = []
    for who in ("stranger", "reader of everything"):
        with counting_queries(house) as counter:
            send(app, "/subscribe", WHO[who], stamp)
        numbers.append(counter.number)

    assert abs(numbers[0] - numbers[1]) <= A_HANDFUL


A_HANDFUL = 6


@pytest.mark.parametrize("path", FORMS)
def test_what_is_no_address_is_said_to_be_none(app: Flask, house, people, stamp: str, path: str) -> None:
    assert send(app, path, "no address", stamp).status_code == 400
