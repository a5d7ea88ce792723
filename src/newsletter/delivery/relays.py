"""The relays in use: their rows, their addresses, and rest after trouble."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.database import clock, insert_if_absent
from newsletter.delivery.outlet import RelayInUse, Tier
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.relays import RelayAddress, Security
from newsletter.mail.smtp.connection import Route, Timeouts
from newsletter.models import Pace, Publication, Relay

NAME = "default"


def ensure_relay(session: Session, publication: Publication, address: RelayAddress, now: datetime) -> int:
    """Keep the row of the relay that SMTP_URL names in step with it. Returns its id."""
    insert_if_absent(
        session,
        Relay,
        publication_id=publication.id,
        public_id=new_public_id(),
        name=NAME,
        host=address.host,
        port=address.port,
        security=address.security,
        created_at=now,
    )
    relay = session.scalars(
        select(Relay).where(Relay.publication_id == publication.id, Relay.name == NAME).with_for_update()
    ).one()
    relay.enabled = True
    place = (address.host, address.port, address.security, address.username)
    if (relay.host, relay.port, relay.security, relay.username) != place:
        relay.host, relay.port, relay.security, relay.username = place
        relay.trouble, relay.trouble_count, relay.retry_at = "", 0, None
    session.flush()
    return relay.id


def retire_default(session: Session) -> None:
    """SMTP_URL names no relay any more."""
    session.execute(update(Relay).where(Relay.name == NAME).values(enabled=False))


@dataclass(frozen=True)
class Access:
    """What the settings add to the rows of relays: our own name, how long to wait, and the passwords."""

    ehlo_name: str
    timeouts: Timeouts
    passwords: Mapping[str, str]

    def within(self, seconds: float) -> "Access":
        """The same, with less patience."""
        return replace(self, timeouts=Timeouts(seconds, seconds))

    def route(self, relay: Relay) -> Route:
        """How to reach a relay."""
        password = self.passwords.get(relay.name, "") if relay.username else ""
        address = RelayAddress(relay.host, relay.port, Security(relay.security), relay.username, password)
        return Route(address, self.ehlo_name, self.timeouts)


def relays_in_use(session: Session, access: Access) -> list[RelayInUse]:
    """Every relay that is not taken out of use."""
    now = clock(session)
    by_group = set(session.scalars(select(Pace.relay_id).where(Pace.domain_group != "")))
    return [
        RelayInUse(
            relay.id,
            relay.name,
            access.route(relay),
            Tier(relay.priority, relay.cost),
            relay.weight,
            relay.is_direct,
            relay.id in by_group,
            max(0.0, (relay.retry_at - now).total_seconds()) if relay.retry_at else 0.0,
        )
        for relay in session.scalars(select(Relay).where(Relay.enabled).order_by(Relay.id))
    ]


def let_rest(session: Session, relay_id: int, trouble: str, waits: Sequence[float]) -> float:
    """Note trouble with a relay and leave it alone for a while, longer each time. Returns the seconds."""
    relay = session.get_one(Relay, relay_id, with_for_update=True)
    now = clock(session)
    if relay.retry_at is None or relay.retry_at <= now:
        wait = waits[min(relay.trouble_count, len(waits) - 1)]
        relay.trouble_count += 1
        relay.retry_at = now + timedelta(seconds=wait)
    relay.trouble = trouble
    return (relay.retry_at - now).total_seconds()


def note_recovery(session: Session, relay_id: int) -> None:
    """A letter went through: the trouble is over, whoever met it."""
    session.execute(
        update(Relay)
        .where(Relay.id == relay_id, Relay.trouble != "")
        .values(trouble="", trouble_count=0, retry_at=None)
    )


def all_relays_rest(session: Session, now: datetime) -> bool:
    """Whether there are relays and none may be used now."""
    rests = session.scalars(select(Relay.retry_at).where(Relay.enabled)).all()
    return bool(rests) and all(rest is not None and rest > now for rest in rests)


def relay_trouble(session: Session) -> str:
    """What keeps letters waiting; empty while some relay can be used."""
    troubles = session.scalars(
        select(Relay.trouble).where(Relay.enabled).order_by(Relay.priority, Relay.cost, Relay.id)
    ).all()
    return troubles[0] if troubles and all(troubles) else ""


def resting_relays(session: Session) -> Sequence[str]:
    """The relays in trouble by name, whether others can be used or not."""
    return session.scalars(
        select(Relay.name).where(Relay.enabled, Relay.trouble != "").order_by(Relay.name)
    ).all()
