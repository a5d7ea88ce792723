"""What the checks are given: real readers, real numbers, and what the DNS says, asked no more than needed."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select, update

from newsletter.models import Campaign, Post, Publication, Subscriber
from newsletter.publishing.letters import Edition
from newsletter.publishing.posts import find_post
from newsletter.publishing.preflight.proof import DnsRecord
from newsletter.publishing.preflight.records import Records
from newsletter.wiring import House
from tests.support.factories import NOW, make_author, make_campaign, make_post


def edition_of(house: House) -> Edition:
    with house.database.writing() as session:
        publication = session.scalars(select(Publication)).one()
        earlier = session.scalars(select(Post)).first()
        assert earlier is not None
        section = find_post(session, earlier.public_id).section
        author = make_author(session, publication, "bo@example.org")
        post = make_post(session, section, author, title="Another letter")
        post.section, post.author = section, author
        return Edition(publication, section, post)


def found(house: House, edition: Edition) -> dict[str, str]:
    report = house.inspector.inspect(edition, NOW).report
    return {finding.check: finding.message for finding in report.findings}


def test_a_letter_to_real_readers_is_ready(house: House) -> None:
    make_campaign(house, readers=3)

    assert set(found(house, edition_of(house))) == {"dns-not-checked"}


def test_the_audience_is_counted(house: House) -> None:
    make_campaign(house, readers=2)
    with house.database.writing() as session:
        first = session.scalars(select(Subscriber).order_by(Subscriber.id)).first()
        assert first is not None
        first.address = "ümit@example.org"
        session.execute(update(Campaign).values(total=900, subject="Another letter"))

    told = found(house, edition_of(house))

    assert told["audience-utf8"].startswith("1 addresses")
    assert told["audience-changed"] == "The last letter went to 900, this one would go to 2."
    assert "subject-repeated" in told


def test_nobody_to_write_to_is_told(house: House) -> None:
    make_campaign(house, readers=0)

    assert found(house, edition_of(house))["audience-empty"] == "Nobody follows Mail yet."


def test_the_content_that_was_checked_is_the_one_that_is_sent(house: House) -> None:
    make_campaign(house, readers=1)
    edition = edition_of(house)

    inspection = house.inspector.inspect(edition, NOW)

    assert inspection.cleared([]).post_version == edition.post.version
    assert inspection.cleared([]) == inspection.content


class Zone:
    """A name server's answers, and what it was asked."""

    def __init__(self, **texts: Sequence[str] | None) -> None:
        self.known = {name.replace("__", "."): each for name, each in texts.items()}
        self.asked: list[str] = []

    def texts(self, name: str) -> Sequence[str] | None:
        self.asked.append(name)
        return self.known.get(name, [])


def test_the_records_of_a_sender_are_looked_up_once_in_a_while() -> None:
    zone = Zone(in__paper__dev=["v=spf1 -all"], _dmarc__paper__dev=["v=DMARC1; p=none"])
    records = Records(zone.texts, {})

    facts = records.of("news.paper.dev", "in.paper.dev")

    assert facts is not None
    assert facts.spf == DnsRecord("in.paper.dev", ["v=spf1 -all"])
    assert facts.dmarc == DnsRecord("_dmarc.paper.dev", ["v=DMARC1; p=none"])
    assert records.of("news.paper.dev", "in.paper.dev") == facts
    assert zone.asked == ["in.paper.dev", "_dmarc.news.paper.dev", "_dmarc.paper.dev"]


def test_when_nobody_answers_no_second_question_is_asked() -> None:
    zone = Zone(paper__dev=None)

    assert Records(zone.texts, {}).of("paper.dev", "paper.dev") is None
    assert zone.asked == ["paper.dev"]


@pytest.mark.parametrize("sender", ["example.org", "news.example.com", "a.test", "localhost"])
def test_names_that_are_nobodys_are_not_asked_for(sender: str) -> None:
    zone = Zone()

    assert Records(zone.texts, {}).of(sender, sender) is None
    assert zone.asked == []
