"""Promise 5: content is frozen when publishing is confirmed; later edits go to the web only."""

import pytest
from sqlalchemy import select

from newsletter.delivery.freezing import freeze_audience
from newsletter.models import Campaign, Post, Publication
from newsletter.publishing.posts import Draft, edit_post
from newsletter.wiring import House
from tests.support.factories import NOW, make_campaign
from tests.support.relay import Relay


def edit(house: House, campaign: Campaign, text: str) -> None:
    with house.database.writing() as session:
        post = session.get_one(Post, campaign.post_id)
        edit_post(session, post, Draft("Changed title", text, post.section_id), post.version, NOW)


def send(house: House, campaign: Campaign) -> None:
    freeze_audience(house.database, house.bell, campaign.id, 2)
    sender = house.sender()
    sender.send_due("a worker", lambda: False, lambda: None)
    sender.close()


def test_an_edit_before_the_first_letter_reaches_the_web_only(mailing_house: House, relay: Relay) -> None:
    campaign = make_campaign(mailing_house, readers=3, markdown="As it was reviewed.")
    edit(mailing_house, campaign, "Written afterwards.")

    send(mailing_house, campaign)

    assert len(relay.accepted) == 3
    for letter in relay.accepted:
        assert letter.message["Subject"] == "A letter"
        assert "As it was reviewed." in letter.text
        assert "As it was reviewed." in letter.html
        assert "Written afterwards." not in letter.html


def test_an_edit_in_the_middle_changes_no_letter(mailing_house: House, relay: Relay) -> None:
    campaign = make_campaign(mailing_house, readers=5, markdown="As it was reviewed.")

    def edit_once(_recipient: str) -> None:
        if len(relay.accepted) == 2:
            edit(mailing_house, campaign, "Written in the middle.")

    relay.before_reply = edit_once
    send(mailing_house, campaign)

    assert len(relay.accepted) == 5
    assert all("As it was reviewed." in letter.text for letter in relay.accepted)


@pytest.mark.parametrize("changed", ["name", "sender_name"])
def test_a_new_name_of_the_publication_does_not_reach_letters_under_way(
    mailing_house: House, relay: Relay, changed: str
) -> None:
    campaign = make_campaign(mailing_house, readers=2)
    with mailing_house.database.writing() as session:
        setattr(session.scalars(select(Publication)).one(), changed, "Renamed")

    send(mailing_house, campaign)

    assert all("Renamed" not in letter.raw.decode("ascii") for letter in relay.accepted)


def test_author_text_is_never_a_template(mailing_house: House, relay: Relay) -> None:
    campaign = make_campaign(
        mailing_house,
        readers=1,
        markdown="{% for x in y %} {{ 7*7 }} {{ config.SECRET }} {{ name | friend }}",
    )

    send(mailing_house, campaign)

    (letter,) = relay.accepted
    assert "{% for x in y %} {{ 7*7 }} {{ config.SECRET }} Reader 0" in letter.text
