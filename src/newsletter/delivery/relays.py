"""The relay in use: its row, its address, and rest after trouble."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import clock
from newsletter.domain.relays import RelayAddress
from newsletter.models import Publication, Relay

NAME = "default"


def ensure_relay(session: Session, publication: Publication, address: RelayAddress, now: datetime) -> int:
    """Keep the row of the relay that SMTP_URL names in step with it. Returns its id."""
    relay = session.scalar(
        select(Relay).where(Relay.publication_id == publication.id, Relay.name == NAME).with_for_update()
    )
    if relay is None:
        relay = Relay(publication_id=publication.id, name=NAME, created_at=now)
        session.add(relay)
    place = (address.host, address.port, address.security, address.username)
    if (relay.host, relay.port, relay.security, relay.username) != place:
        relay.host, relay.port, relay.security, relay.username = place
        relay.trouble, relay.trouble_count, relay.retry_at = "", 0, None
    session.flush()
    return relay.id


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
    """A letter went through: the trouble is over."""
    relay = session.get_one(Relay, relay_id, with_for_update=True)
    relay.trouble, relay.trouble_count, relay.retry_at = "", 0, None


def relay_trouble(session: Session) -> str:
    """What is wrong with the relay in use; empty when nothing is."""
    return session.scalar(select(Relay.trouble).where(Relay.enabled, Relay.trouble != "").limit(1)) or ""
