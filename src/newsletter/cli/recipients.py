"""`newsletter campaign recipients`: who got it, for people and for spreadsheets."""

import csv
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime

import click

from newsletter.cli.house import open_house
from newsletter.delivery.recipients import RecipientRow, recipients_of
from newsletter.domain.states import DeliveryState
from newsletter.publishing.campaigns import find_campaign

_COLUMNS = (
    *("address", "subscriber", "state", "attempts", "resends", "relay", "code", "enhanced code", "text"),
    *("changed at", "due at"),
)
_WORDS = {state.word: state for state in DeliveryState if state is not DeliveryState.SENDING}


@click.command()
@click.argument("campaign_id")
@click.option(
    "--state", "words", multiple=True, type=click.Choice(list(_WORDS)), help="Only these; repeatable."
)
@click.option("--csv", "as_csv", is_flag=True, help="All that is known, comma-separated, for a spreadsheet.")
def recipients(campaign_id: str, words: tuple[str, ...], as_csv: bool) -> None:
    """List who got a campaign's letter, and who did not and why. A million of them stream."""
    with open_house() as house:
        with house.database.reading() as session:
            found = find_campaign(session, campaign_id)
        rows = recipients_of(house.database, found.id, [_WORDS[word] for word in words])
        if as_csv:
            _write_csv(rows)
            return
        for row in rows:
            click.echo(f"{row.address or row.public_id:<40} {row.state.word:<10} {row.reply}".rstrip())


def _write_csv(rows: Iterable[RecipientRow]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    writer.writerows(map(_cells, rows))


def _cells(row: RecipientRow) -> Iterator[str]:
    values = (
        *(row.address, row.public_id, row.state.word, row.attempts, row.resends, row.relay),
        *(row.reply.code or "", row.reply.enhanced, row.reply.text),
        *(_moment(row.changed_at), _moment(row.next_at)),
    )
    return (_harmless(str(value)) for value in values)


def _harmless(cell: str) -> str:
    """A spreadsheet must not take a relay's words, or an address, for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _moment(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
