"""`newsletter campaign`: what an operator may see of a mailing, and do with it."""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import click
from sqlalchemy.orm import Session

from newsletter.cli.house import open_house
from newsletter.delivery.progress import count_deliveries, why_failed
from newsletter.delivery.relays import relay_trouble
from newsletter.delivery.uncertain import (
    Doubt,
    Scope,
    count_in_doubt,
    find_letter,
    letters_in_doubt,
    send_again,
    settle_by_hand,
)
from newsletter.domain.states import CampaignState, DeliveryState
from newsletter.models import Campaign
from newsletter.publishing.campaigns import find_campaign
from newsletter.wiring import House

_SHOWN = 20


class Decision(StrEnum):
    """What a person says became of a letter in doubt."""

    ACCEPTED = "accepted"
    FAILED = "failed"
    RESEND = "resend"


@click.group()
def campaign() -> None:
    """One mailing of one post.

    \b
    Examples: newsletter campaign show gqz5o2lhxq3vi
              newsletter campaign recipients gqz5o2lhxq3vi --state failed
              newsletter campaign settle gqz5o2lhxq3vi --as resend
              newsletter campaign pause gqz5o2lhxq3vi
              newsletter campaign resume gqz5o2lhxq3vi
              newsletter campaign retry gqz5o2lhxq3vi
    """


@campaign.command()
@click.argument("campaign_id")
@click.option("--json", "as_json", is_flag=True, help="One object of JSON.")
@click.option("--all", "shows_all", is_flag=True, help=f"All letters in doubt, not only {_SHOWN}.")
@click.option("--addresses", "with_addresses", is_flag=True, help="The addresses of their readers as well.")
def show(campaign_id: str, as_json: bool, shows_all: bool, with_addresses: bool) -> None:
    """Show how far a campaign is, and its letters in doubt."""
    with open_house() as house, house.database.reading() as session:
        found = find_campaign(session, campaign_id)
        facts = _facts(session, found)
        why = why_failed(session, found.id)
        doubts = letters_in_doubt(session, found, None if shows_all else _SHOWN)
    if as_json:
        in_doubt = [_doubt_facts(each, with_addresses) for each in doubts]
        click.echo(json.dumps({**facts, "failed_because": why, "in_doubt": in_doubt}))
        return
    for name, value in facts.items():
        if value != "":
            click.echo(f"{name.replace('_', ' '):<14} {f'{value:,}' if isinstance(value, int) else value}")
    if why:
        reasons = ", ".join(f"{count:,} {meaning}" for meaning, count in why.items())
        click.echo(f"{'failed because':<14} {reasons}")
    _show_doubts(doubts, facts["uncertain"], with_addresses)


@campaign.command()
@click.argument("campaign_id")
@click.option(
    "--as",
    "decision",
    type=click.Choice([each.value for each in Decision]),
    required=True,
    help="What became of them.",
)
@click.option("--subscriber", "public_id", default="", help="Only the letter to this subscriber.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def settle(campaign_id: str, decision: str, public_id: str, yes: bool) -> None:
    """Settle letters in doubt by your decision: all of a campaign, or one subscriber's."""
    decided = Decision(decision)
    with open_house() as house:
        with house.database.reading() as session:
            found = find_campaign(session, campaign_id)
            letter = find_letter(session, found.id, public_id) if public_id else None
            scope = Scope(found.id, letter.subscriber_id if letter else None)
            count = count_in_doubt(session, scope)
        if not count:
            why = f"That letter is {letter.state.word}, not in doubt" if letter else "Nothing is in doubt"
            click.echo(f"{why}; nothing was changed.")
            return
        if not yes:
            click.confirm(_question(found, decided, count), abort=True)
        click.echo(_settle(house, scope, decided))


def _settle(house: House, scope: Scope, decided: Decision) -> str:
    """Do what was decided, and say in a sentence what was done: some may have settled by themselves."""
    with house.database.writing() as session:
        if decided is Decision.RESEND:
            count = send_again(session, house.bell, scope)
        else:
            count = settle_by_hand(session, scope, DeliveryState[decided.name])
        state = session.get_one(Campaign, scope.campaign_id).state
    if not count:
        return "Nothing is in doubt any more; nothing was changed."
    if decided is not Decision.RESEND:
        return f"Settled {letters(count)} as {decided}."
    when = "as soon as the campaign is resumed" if state is CampaignState.PAUSED else "now"
    return f"Planned {letters(count)} again, to be sent {when}."


def _question(found: Campaign, decided: Decision, count: int) -> str:
    if decided is Decision.RESEND:
        return f"Send {letters(count)} of “{found.subject}” again? Some readers may get a second copy."
    return f"Settle {letters(count)} of “{found.subject}” as {decided}? This cannot be taken back."


def _facts(session: Session, found: Campaign) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "subject": found.subject,
        "state": found.state,
        "trouble": found.trouble,
        "policy": found.uncertain_policy,
        "relay_trouble": relay_trouble(session),
        **count_deliveries(session, found.id).as_dict(),
    }


def _doubt_facts(doubt: Doubt, with_addresses: bool) -> dict[str, Any]:
    facts = {
        "subscriber": doubt.public_id,
        "attempt": doubt.attempt,
        "since": doubt.since.isoformat() if doubt.since else None,
        "detail": doubt.detail,
        "due_at": doubt.due_at.isoformat() if doubt.due_at else None,
    }
    return {**facts, "address": doubt.address} if with_addresses else facts


def _show_doubts(doubts: Sequence[Doubt], total: int, with_addresses: bool) -> None:
    if doubts:
        click.echo("\nIn doubt (the letter left, and no answer came):")
    for doubt in doubts:
        due = f"sent again from {_minute(doubt.due_at)}" if doubt.due_at else "a person decides"
        since = f"since {_minute(doubt.since)}" if doubt.since else "since unknown"
        address = f"  {doubt.address}" if with_addresses else ""
        click.echo(f"  {doubt.public_id}{address}  try {doubt.attempt}, {since}; {due}")
        click.echo(f"      {doubt.detail}")
    if total > len(doubts):
        click.echo(f"  and {total - len(doubts):,} more; --all shows them")


def letters(count: int) -> str:
    """So many letters, in words."""
    return f"{count:,} letter{'' if count == 1 else 's'}"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
