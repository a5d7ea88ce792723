"""Groups of receivers by their mail exchangers, asked of a real name server."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import dns.message
import dns.rcode
import dns.rrset
import pytest
import time_machine
from sqlalchemy import select, update

from newsletter.delivery.receivers import Receivers, learnt_groups, look_up_domains, note_domains
from newsletter.domain.groups import group_of, group_of_exchanger
from newsletter.mail.resolver import Resolver
from newsletter.models import ReceiverDomain, Relay
from newsletter.wiring import House
from tests.delivery.worker import LONG_AGO, frozen, taken

RECORDS = {
    "company.example": ["10 aspmx.l.google.com.", "20 alt1.aspmx.l.google.com."],
    "office.example": ["20 backup.example.", "5 office-example.mail.protection.outlook.com."],
    "small.example": ["10 mail.small.example."],
    "silent.example": [],
}


@contextmanager
def name_server(records: Mapping[str, list[str]]) -> Iterator[tuple[str, int]]:
    """Answers questions for MX records."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, socket = self.request
            query = dns.message.from_wire(data)
            name = query.question[0].name
            reply = dns.message.make_response(query)
            known = records.get(name.to_text(omit_final_dot=True))
            if known is None:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            elif known:
                reply.answer.append(dns.rrset.from_text_list(name, 60, "IN", "MX", known))
            socket.sendto(reply.to_wire(), self.client_address)

    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield "127.0.0.1", server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    # It gives up by the wall clock: while that stands still, the slowest machine is waited for.
    with name_server(RECORDS) as place, time_machine.travel(datetime.now(UTC), tick=False):
        yield Resolver(place)


@pytest.mark.parametrize(
    ("domain", "first"),
    [
        ("company.example", "aspmx.l.google.com"),
        ("office.example", "office-example.mail.protection.outlook.com"),
    ],
)
def test_the_preferred_exchanger_comes_first(resolver: Resolver, domain: str, first: str) -> None:
    found = resolver.exchangers(domain)

    assert found is not None
    assert (found[0], len(found)) == (first, 2)


@pytest.mark.parametrize("domain", ["silent.example", "unknown.example"])
def test_a_domain_without_exchangers_has_none(resolver: Resolver, domain: str) -> None:
    assert resolver.exchangers(domain) == []


@pytest.mark.parametrize("domain", ["company.example", "not..a.name", "x" * 300])
def test_nobody_who_answers_is_told_from_no_exchanger(domain: str) -> None:
    assert Resolver(("127.0.0.1", 1)).exchangers(domain) is None


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("aspmx.l.google.com", "google"),
        ("ASPMX2.GOOGLEMAIL.COM.", "google"),
        ("example-com.mail.protection.outlook.com", "microsoft365"),
        ("outlook-com.olc.protection.outlook.com", "microsoft"),
        ("mta5.am0.yahoodns.net", "yahoo"),
        ("mx01.mail.icloud.com", "apple"),
        ("mail.example.org", "other"),
        ("notgoogle.com", "other"),
    ],
)
def test_an_exchanger_belongs_to_whom_its_name_ends_with(host: str, group: str) -> None:
    assert group_of_exchanger(host) == group


@pytest.mark.parametrize(
    ("domain", "group"), [("gmail.com", "google"), ("hotmail.fr", "microsoft"), ("company.example", "other")]
)
def test_the_domains_of_the_big_ones_are_known(domain: str, group: str) -> None:
    assert group_of(domain) == group


@pytest.fixture
def direct(house: House) -> House:
    frozen(house, readers=1)
    with house.database.writing() as session:
        session.add(
            Relay(
                publication_id=1, name="own", host="mx.example.org", port=25, security="plain",
                is_direct=True, created_at=house.now(),
            )
        )  # fmt: skip
    return house


def groups(house: House) -> Mapping[str, str]:
    with house.database.reading() as session:
        return learnt_groups(session)


def test_domains_that_were_met_are_looked_up_once(direct: House, resolver: Resolver) -> None:
    asked: list[str] = []

    def look_up(domain: str) -> list[str] | None:
        asked.append(domain)
        return resolver.exchangers(domain)

    note_domains(direct.database, RECORDS)
    note_domains(direct.database, RECORDS)

    assert look_up_domains(direct.database, look_up) == 4
    assert look_up_domains(direct.database, look_up) == 0
    assert sorted(asked) == sorted(RECORDS)
    assert groups(direct) == {
        "company.example": "google",
        "office.example": "microsoft365",
        "small.example": "other",
        "silent.example": "other",
    }


def test_behind_a_smart_host_nobody_is_asked(direct: House) -> None:
    with direct.database.writing() as session:
        session.execute(update(Relay).values(is_direct=False))
    note_domains(direct.database, RECORDS)

    assert look_up_domains(direct.database, lambda domain: pytest.fail(domain)) == 0


def test_a_resolver_that_does_not_answer_is_asked_once_a_sweep_and_spoils_nothing(direct: House) -> None:
    asked: list[str] = []

    def look_up(domain: str) -> None:
        asked.append(domain)

    note_domains(direct.database, RECORDS)
    with direct.database.writing() as session:
        known = session.get_one(ReceiverDomain, "company.example")
        known.domain_group, known.checked_at = "google", LONG_AGO.replace(year=2020)

    for _ in range(5):
        look_up_domains(direct.database, look_up)

    assert len(asked) == 4
    assert groups(direct) == {"company.example": "google"}


def test_a_process_notes_the_domains_it_meets_and_goes_by_what_was_learnt(direct: House) -> None:
    receivers = Receivers(direct.database)
    with closing(direct.ledger()) as ledger:
        holding = taken(ledger)

    assert receivers.group_of(holding)("example.org") == "other"
    with direct.database.writing() as session:
        noted = session.scalars(select(ReceiverDomain)).one()
        noted.domain_group = "google"
        assert noted.domain == "example.org"

    assert receivers.group_of(holding)("example.org") == "google"
