"""Authors and owners hear of what matters: by mail, and by a signed call to a program of theirs."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select, update

from newsletter.accounts.identities import RoleName
from newsletter.delivery.brakes import pause_itself
from newsletter.delivery.entries import Entry, Result
from newsletter.delivery.heralds import Event, Herald
from newsletter.delivery.trouble import TroubleBook
from newsletter.delivery.webhook_calls import make_webhook_calls
from newsletter.domain.states import CampaignState
from newsletter.mail.webhooks import Webhook
from newsletter.models import Campaign, Identity, Notice, Publication, Relay, WebhookCall
from newsletter.wiring import House
from tests.delivery.worker import ACCEPTED, LONG_AGO, NEVER, frozen, taken
from tests.support.factories import make_author
from tests.support.ledgers import campaign_now

SECRET = "a secret between us"


@pytest.fixture
def herald(house: House) -> Herald:
    return Herald(house.links, calls_webhook=True)


@pytest.fixture
def campaign(house: House) -> Campaign:
    """Its author is no owner; there are two of those."""
    campaign = frozen(house, readers=2)
    with house.database.writing() as session:
        publication = session.scalars(select(Publication)).one()
        make_author(session, publication, "ola@example.org", RoleName.OWNER)
        make_author(session, publication, "owen@example.org", RoleName.OWNER)
    return campaign


def mails(house: House) -> dict[str, str]:
    """Who is told what."""
    with house.database.reading() as session:
        rows = session.execute(
            select(Identity.address, Notice.payload).join(Identity, Identity.id == Notice.identity_id)
        ).all()
    return {address or "": f"{payload['subject']} {' '.join(payload['lines'])}" for address, payload in rows}


def calls(house: House) -> list[tuple[str, dict[str, Any]]]:
    with house.database.reading() as session:
        rows = session.scalars(select(WebhookCall).order_by(WebhookCall.id)).all()
    return [(row.event, row.payload) for row in rows]


def test_a_campaign_that_paused_itself_is_told_to_its_author_and_the_owners(
    house: House, campaign: Campaign, herald: Herald
) -> None:
    with house.database.writing() as session:
        pause_itself(session, herald, campaign.id, "The relay refused 3 letters in a row.")
        pause_itself(session, herald, campaign.id, "again")

    told = mails(house)
    assert set(told) == {"mara@example.org", "ola@example.org", "owen@example.org"}
    assert "Paused: A letter" in told["mara@example.org"]
    assert "refused 3 letters in a row" in told["mara@example.org"]
    assert f"newsletter campaign resume {campaign.public_id}" in told["mara@example.org"]
    ((event, payload),) = calls(house)
    assert event == Event.CAMPAIGN_PAUSED
    assert (payload["campaign"], payload["planned"]) == (campaign.public_id, 2)
    assert "example.org" not in json.dumps(payload), "no address leaves by a webhook"


def test_a_finished_campaign_is_told_with_its_numbers(house: House, campaign: Campaign) -> None:
    with closing(house.ledger()) as ledger:
        holding = taken(ledger)
        first, second = holding.recipients
        ledger.post([Entry(Result(holding, first, ACCEPTED)), Entry(Result(holding, second, NEVER))])
        ledger.give_back(holding)

    assert campaign_now(house, campaign.id).state is CampaignState.FINISHED
    assert "1 of 2 letters were accepted; 1 failed." in mails(house)["mara@example.org"]


@pytest.fixture
def relay(house: House, campaign: Campaign) -> int:
    with house.database.writing() as session:
        relay = Relay(
            publication_id=campaign.publication_id,
            name="mine",
            host="mail.example.org",
            port=25,
            security="plain",
            created_at=house.now(),
        )
        session.add(relay)
        session.flush()
        return relay.id


def test_owners_are_told_of_a_relay_that_cannot_be_used_but_not_at_every_try(
    house: House, relay: int, herald: Herald
) -> None:
    book = TroubleBook(house.database, herald, (0.0,))

    book.rest(relay, "The relay mail.example.org:25 does not answer.")
    book.rest(relay, "The relay mail.example.org:25 does not answer.")

    assert set(mails(house)) == {"ola@example.org", "owen@example.org"}
    assert "does not answer" in mails(house)["ola@example.org"]
    assert [event for event, _payload in calls(house)] == [Event.RELAY_TROUBLE]

    with house.database.writing() as session:
        session.execute(update(Relay).values(told_at=house.now() - timedelta(hours=2)))
    book.rest(relay, "Still.")
    assert len(calls(house)) == 2


def test_without_a_webhook_nothing_is_kept_for_it(house: House, campaign: Campaign) -> None:
    with house.database.writing() as session:
        pause_itself(session, house.herald, campaign.id, "so")

    assert calls(house) == []
    assert len(mails(house)) == 3


@dataclass
class Listener:
    """A program of the operator's."""

    url: str = ""
    status: int = 200
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            listener.heard.append((dict(self.headers), body))
            self.send_response(listener.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    listener.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield listener
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.fixture
def one_call(house: House, campaign: Campaign, herald: Herald) -> None:
    with house.database.writing() as session:
        pause_itself(session, herald, campaign.id, "so")


@pytest.mark.usefixtures("one_call")
def test_a_program_is_called_once_and_can_tell_that_it_was_us(house: House, listener: Listener) -> None:
    hook = Webhook(listener.url, SECRET)

    assert make_webhook_calls(house.database, hook.call) == 1
    assert make_webhook_calls(house.database, hook.call) == 0

    ((headers, body),) = listener.heard
    assert headers["X-Newsletter-Event"] == "campaign.paused"
    seconds, signature = (
        part[part.index("=") + 1 :] for part in headers["X-Newsletter-Signature"].split(",")
    )
    signed = f"{seconds}.".encode() + body
    assert signature == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert json.loads(body)["reason"] == "so"


@pytest.mark.usefixtures("one_call")
@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_program_that_does_not_say_yes_is_called_again_later(
    house: House, listener: Listener, status: int
) -> None:
    hook = Webhook(listener.url, SECRET)
    listener.status = status
    with house.database.writing() as session:  # as if tried often: then the next time is in hours
        session.execute(update(WebhookCall).values(attempts=6))

    assert make_webhook_calls(house.database, hook.call) == 0
    assert make_webhook_calls(house.database, hook.call) == 0
    assert len(listener.heard) == 1, "not at once, and redirected nowhere"

    listener.status = 204
    with house.database.writing() as session:
        session.execute(update(WebhookCall).values(next_at=LONG_AGO))
    assert make_webhook_calls(house.database, hook.call) == 1
    assert len({json.loads(body)["id"] for _headers, body in listener.heard}) == 1


@pytest.mark.usefixtures("one_call")
def test_a_program_that_never_answers_is_given_up(house: House) -> None:
    hook = Webhook("http://127.0.0.1:1/hook", SECRET)
    for _ in range(12):
        make_webhook_calls(house.database, hook.call)
        with house.database.writing() as session:
            session.execute(update(WebhookCall).values(next_at=LONG_AGO))

    with house.database.reading() as session:
        call = session.scalars(select(WebhookCall)).one()
    assert (call.attempts, call.done_at is not None) == (9, True)
    assert "cannot be reached" in call.detail
