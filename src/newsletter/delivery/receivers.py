"""Which group of receivers a domain belongs to, where its name does not tell: by its mail exchangers.

Senders note the domains they meet; the sweep looks them up, a few at a time. Without a resolver that
answers they stay with the others.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database, clock, insert_if_absent
from newsletter.delivery.entries import Holding
from newsletter.domain.groups import OTHER, group_of, group_of_exchanger
from newsletter.models import Pace, ReceiverDomain, Relay

_AT_ONCE = 20
_ANEW_AFTER = timedelta(days=14)
_MOST_NOTED = 500

LookUp = Callable[[str], Sequence[str] | None]
"""The mail exchangers of a domain; None when no resolver answers."""


def learnt_groups(session: Session) -> Mapping[str, str]:
    """The group of every domain that was looked up."""
    rows = session.execute(
        select(ReceiverDomain.domain, ReceiverDomain.domain_group).where(ReceiverDomain.domain_group != "")
    )
    return {row[0]: row[1] for row in rows}


def note_domains(database: Database, domains: Collection[str]) -> None:
    """Remember domains to be looked up."""
    with database.writing() as session:
        for domain in sorted(domains)[:_MOST_NOTED]:
            insert_if_absent(session, ReceiverDomain, domain=domain, domain_group="")


def look_up_domains(database: Database, look_up: LookUp) -> int:
    """Look up the next few domains, when some relay goes by groups. Returns how many were found."""
    with database.reading() as session:
        now = clock(session)
        if not _goes_by_groups(session):
            return 0
        domains = session.scalars(
            select(ReceiverDomain.domain)
            .where(ReceiverDomain.checked_at.is_(None) | (ReceiverDomain.checked_at < now - _ANEW_AFTER))
            .order_by(ReceiverDomain.checked_at.nulls_first(), ReceiverDomain.domain)
            .limit(_AT_ONCE)
        ).all()
    found: dict[str, str] = {}
    for domain in domains:
        exchangers = look_up(domain)
        found[domain] = (
            "" if exchangers is None else group_of_exchanger(exchangers[0]) if exchangers else OTHER
        )
        if exchangers is None:
            break  # nobody answers now; this one comes last the next time
    with database.writing() as session:
        for domain, group in found.items():
            row = session.get_one(ReceiverDomain, domain)
            row.domain_group, row.checked_at = group or row.domain_group, clock(session)
    return sum(group != "" for group in found.values())


def _group_by(exchangers: Sequence[str] | None) -> str:
    if exchangers is None:
        return ""
    return group_of_exchanger(exchangers[0]) if exchangers else OTHER


class Receivers:
    """What one process knows of the domains it meets."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._learnt: Mapping[str, str] = {}
        self._met: set[str] = set()

    def group_of(self, holding: Holding) -> Callable[[str], str]:
        """A function from domains to groups, good for the recipients of a batch."""
        with self._database.reading() as session:
            self._learnt = learnt = learnt_groups(session)
        domains = {each.address.rpartition("@")[2] for each in holding.recipients}
        unknown = {each for each in domains - self._met if group_of(each, learnt) == OTHER}
        if unknown:
            note_domains(self._database, unknown - learnt.keys())
        self._met |= domains
        return partial(group_of, learnt=learnt)


def _goes_by_groups(session: Session) -> bool:
    by_limits = select(Pace.id).where(Pace.domain_group != "").exists()
    directly = select(Relay.id).where(Relay.is_direct, Relay.enabled).exists()
    return bool(session.scalar(select(by_limits | directly)))
