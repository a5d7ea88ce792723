"""`newsletter relay`: the SMTP servers that mail is handed to."""

import asyncio
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from newsletter.cli.house import open_house
from newsletter.cli.relay_table import facts_of, rows_of
from newsletter.delivery.relay_book import (
    RelayEntry,
    add_relay,
    find_relay,
    letters_waiting_for,
    relay_statuses,
    remove_relay,
    set_limits,
)
from newsletter.delivery.trial_letters import letter_to_try
from newsletter.domain.addresses import parse_address
from newsletter.domain.errors import BadInput
from newsletter.domain.groups import GROUPS
from newsletter.domain.outcomes import Verdict
from newsletter.domain.pacing import Limits, WarmUp
from newsletter.domain.presets import PRESETS, Preset
from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.smtp.probing import Probe, Protection, probe
from newsletter.publishing.publications import the_publication

_GROWTH = 1.5
_HOLE = re.compile(r"\{(\w+)\}")


@click.group()
def relay() -> None:
    """The SMTP servers that mail is handed to. The one in SMTP_URL is called “default”.

    \b
    Examples: newsletter relay add ses --preset ses --region eu-west-1 --username AKIA…
              newsletter relay test ses --to me@example.org
              newsletter relay limit ses --per-second 14 --per-day 50000
              newsletter relay list
    """


def _limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--connections", type=int, help="At most so many at a time, over all workers."),
        click.option("--per-second", type=float, help="At most so many letters, over all workers."),
        click.option("--per-day", type=int, help="At most so many letters; a day is one of UTC."),
        click.option("--warm-up", type=int, help=f"Begin with so many a day, {_GROWTH} times more each day."),
        click.option("--growth", type=float, default=_GROWTH, show_default=True, help="Of warming up."),
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class _Place:
    """Where a relay listens, as far as it was said."""

    preset: str | None
    region: str
    host: str
    port: int | None
    security: str | None
    username: str

    def address(self) -> RelayAddress:
        """The whole address. Raises BadInput for what is missing."""
        known = PRESETS.get(self.preset or "", Preset("", 587, Security.STARTTLS, Limits(), ""))
        host = self.host or _HOLE.sub(self._fill, known.host)
        if not host:
            raise BadInput("Where does the relay listen? Say --host, or choose a --preset.")
        security = Security(self.security) if self.security else known.security
        return RelayAddress(host, self.port or known.port, security, self.username or known.username)

    def _fill(self, hole: re.Match[str]) -> str:
        if not self.region:
            raise BadInput(f"This preset needs --{hole.group(1)}, such as eu-west-1.")
        return self.region


@relay.command("add")
@click.argument("name")
@click.option("--preset", type=click.Choice(sorted(PRESETS)), help="Host, port and limits of a provider.")
@click.option("--region", default="", help="For presets whose host has one.")
@click.option("--host", default="")
@click.option("--port", type=click.IntRange(1, 65535))
@click.option("--security", type=click.Choice([each.value for each in Security]), help="starttls by default.")
@click.option("--username", default="")
@click.option("--priority", default=10, show_default=True, help="The lowest comes first.")
@click.option("--cost", default=0.0, help="Of a thousand letters; of one priority the cheapest comes first.")
@click.option("--weight", default=1, show_default=True, help="The share among those of one cost.")
@click.option("--direct", is_flag=True, help="It speaks to receivers itself: limits by their domains.")
@_limit_options
def add(
    name: str,
    preset: str | None,
    region: str,
    host: str,
    port: int | None,
    security: str | None,
    username: str,
    priority: int,
    cost: float,
    weight: int,
    direct: bool,
    **limits: Any,
) -> None:
    """Bring a relay into use. Its password stands in NEWSLETTER_RELAY_PASSWORDS, never in the database.

    \b
    Examples: newsletter relay add local --preset postfix
              newsletter relay add spare --host mail.example.org --username me --priority 20
    """
    address = _Place(preset, region, host, port, security, username).address()
    entry = RelayEntry(address, priority, cost, weight, direct)
    chosen = _limits(limits, PRESETS[preset].limits if preset else Limits())
    with open_house() as house, house.database.writing() as session:
        add_relay(session, the_publication(session).id, name, entry, chosen, house.now())
        has_password = name in house.settings.relay_passwords
    click.echo(f"The relay {name} is in use: {address}.")
    if preset:
        click.echo(PRESETS[preset].note)
    if address.username and not has_password:
        click.echo(f'Set its password for web and workers: NEWSLETTER_RELAY_PASSWORDS={{"{name}": "…"}}')
    click.echo(f"Try it: newsletter relay test {name}")


@relay.command("limit")
@click.argument("name")
@click.option("--group", default="", help=f"Only for one group of receivers: {', '.join(sorted(GROUPS))}.")
@_limit_options
def limit(name: str, group: str, **limits: Any) -> None:
    """Set what a relay takes; what is not said has no limit. What was learnt before is forgotten.

    \b
    Examples: newsletter relay limit ses --per-second 14 --per-day 50000
              newsletter relay limit own --group google --per-second 5 --warm-up 100
    """
    chosen = _limits(limits, Limits())
    with open_house() as house, house.database.writing() as session:
        set_limits(session, find_relay(session, the_publication(session).id, name), group, chosen)
    click.echo("It holds from now on, over all workers together.")


@relay.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Take a relay out of use. Letters that waited for it go over the others."""
    with open_house() as house, house.database.writing() as session:
        found = find_relay(session, the_publication(session).id, name)
        waiting = letters_waiting_for(session, found)
        remove_relay(session, found)
        others = relay_statuses(session, found.publication_id)
    click.echo(f"The relay {name} is out of use.")
    if waiting:
        where = "they go over the others" if others else "they wait until there is another relay"
        click.echo(f"{waiting:,} letters waited for it; {where}.")


@relay.command("list")
@click.option("--json", "as_json", is_flag=True, help="One object of JSON a relay.")
def list_relays(as_json: bool) -> None:
    """Show all relays: their limits, what was learnt, and what goes on."""
    with open_house() as house:
        house.follow_smtp_url()
        with house.database.reading() as session:
            statuses = relay_statuses(session, the_publication(session).id)
    if as_json:
        for status in statuses:
            click.echo(json.dumps(facts_of(status)))
        return
    if not statuses:
        click.echo("There is no relay. Set SMTP_URL, or add one: newsletter relay add")
    for status in statuses:
        for row in rows_of(status):
            click.echo(row)


@relay.command("test")
@click.argument("name")
@click.option("--to", "recipient", default="", help="Send one letter to this address.")
@click.option("--timeout", default=15.0, show_default=True, help="Seconds to wait for each reply.")
def try_relay(name: str, recipient: str, timeout: float) -> None:
    """Talk to a relay and show what was said, without secrets; ends with 1 when it does not let us in.

    \b
    Example: newsletter relay test ses --to me@example.org
    """
    to = parse_address(recipient) if recipient else None
    with open_house() as house:
        house.follow_smtp_url()
        with house.database.reading() as session:
            publication = the_publication(session)
            route = house.access.within(timeout).route(find_relay(session, publication.id, name))
        letter = letter_to_try(house.press, publication, name, to, house.now()) if to else None
    found = asyncio.run(probe(route, *letter) if letter else probe(route))
    for line in found.transcript.lines:
        click.echo(f"  {line}")
    click.echo(_verdict(found))
    sys.exit(1 if found.trouble or (found.outcome and found.outcome.verdict is not Verdict.ACCEPTED) else 0)


def _verdict(found: Probe) -> str:
    if found.trouble or found.extensions is None:
        return found.trouble
    known = found.extensions
    names = {
        "PIPELINING": known.pipelining,
        "8BITMIME": known.eight_bit_mime,
        "SMTPUTF8": known.smtputf8,
        f"SIZE {known.size_limit}": known.takes_size,
        f"MAILMAX {known.mail_limit}": bool(known.mail_limit),
    }
    can = [name for name, has in names.items() if has]
    lines = ["It lets us in.", f"It can: {', '.join(can) or 'little'}."]
    lines.append(_protection_line(found.protection))
    if found.outcome is not None:
        lines.append(f"The letter: {found.outcome.verdict}. {found.outcome.reply or 'It gave no answer.'}")
    return "\n".join(lines)


def _protection_line(tls: Protection | None) -> str:
    if tls is None:
        return "Nothing protects this conversation."
    until = f"; its certificate is good until {tls.until:%Y-%m-%d}" if tls.until else ""
    return f"Protected by {tls.version}{until}."


def _limits(options: dict[str, Any], known: Limits) -> Limits:
    start = options["warm_up"]
    warm_up = None
    if start is not None:
        warm_up = WarmUp(datetime.now(UTC).date(), start, options["growth"])
    return Limits(
        known.connections if options["connections"] is None else options["connections"],
        known.rate if options["per_second"] is None else options["per_second"],
        known.per_day if options["per_day"] is None else options["per_day"],
        warm_up,
    )
