"""Relays as their operator keeps them: added, changed, limited, taken out of use, listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from newsletter.database import clock, insert_if_absent
from newsletter.delivery.relays import NAME
from newsletter.delivery.seats import PaceKey, limits_of, new_pace
from newsletter.domain.errors import BadInput, Conflict, NotFound
from newsletter.domain.groups import DIRECT_LIMITS, GROUPS
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.pacing import Limits
from newsletter.domain.relays import RelayAddress
from newsletter.domain.states import CAMPAIGN_OVER, FINAL_DELIVERY_STATES
from newsletter.models import Campaign, Delivery, Pace, Relay, Seat

_MAX_NAME = 40


@dataclass(frozen=True)
class RelayEntry:
    """A relay as an operator describes it; its password stands in the settings."""

    address: RelayAddress
    priority: int = 10
    cost: float = 0.0
    weight: int = 1
    is_direct: bool = False

    def __post_init__(self) -> None:
        """Raises BadInput for what cannot be meant."""
        if self.weight < 1:
            raise BadInput("A relay's weight must be 1 or more. To stop a relay, take it out of use.")
        if self.cost < 0:
            raise BadInput("A relay's cost cannot be below 0.")


@dataclass(frozen=True)
class PaceStatus:
    """One pace of a relay: what was set, what was learnt, what goes on."""

    limits: Limits
    rate: float | None
    room: int | None
    speed: float
    connections: int
    processes: int
    used_today: int


@dataclass(frozen=True)
class RelayStatus:
    """A relay, and how it goes."""

    relay: Relay
    rests_for: float
    paces: Mapping[str, PaceStatus] = field(default_factory=dict)


def add_relay(
    session: Session, publication_id: int, name: str, entry: RelayEntry, limits: Limits, now: datetime
) -> Relay:
    """Bring a relay into use. Raises BadInput and, when the name is taken, Conflict."""
    check_name(name)
    known = session.scalar(_named(publication_id, name).with_for_update())
    if known is not None and known.enabled:
        raise Conflict(
            f"There is a relay {name} already, at {known.host}:{known.port}. Choose another name, or take "
            f"that one out of use: newsletter relay remove {name}"
        )
    relay = known or Relay(
        publication_id=publication_id, name=name, public_id=new_public_id(), created_at=now, enabled=True
    )
    _fill(relay, entry)
    session.add(relay)
    session.flush()
    set_limits(session, relay, "", limits)
    if entry.is_direct:
        for group, careful in DIRECT_LIMITS.items():
            insert_if_absent(session, Pace, **new_pace(PaceKey(relay.id, group), careful))
    return relay


def check_name(name: str) -> None:
    """Raises BadInput unless it can be a relay's name."""
    if name == NAME:
        raise BadInput(f"The relay {NAME} is the one in SMTP_URL. Choose another name.")
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > _MAX_NAME:
        raise BadInput(f"A relay's name has letters, digits and hyphens, {_MAX_NAME} at most.")


def find_relay(session: Session, publication_id: int, name: str) -> Relay:
    """The relay in use that has this name. Raises NotFound."""
    relay = session.scalar(_named(publication_id, name).where(Relay.enabled))
    if relay is None:
        names = session.scalars(
            select(Relay.name).where(Relay.publication_id == publication_id, Relay.enabled)
        ).all()
        known = f" In use: {', '.join(sorted(names))}." if names else ""
        raise NotFound(f"There is no relay {name}.{known}")
    return relay


def remove_relay(session: Session, relay: Relay) -> None:
    """Take a relay out of use; its letters go over the others. Its row stays, for the ledger names it.

    Raises BadInput for the one that the settings name.
    """
    if relay.name == NAME:
        raise BadInput(f"The relay {NAME} is the one in SMTP_URL. Take it out of the settings instead.")
    mine = select(Pace.id).where(Pace.relay_id == relay.id)
    paces = session.scalars(mine.order_by(Pace.id).with_for_update()).all()  # so that nobody takes a seat now
    session.execute(delete(Seat).where(Seat.pace_id.in_(paces)))
    session.execute(delete(Pace).where(Pace.id.in_(paces)))
    relay.enabled = False


def letters_waiting_for(session: Session, relay: Relay) -> int:
    """Letters this relay had before and that wait for another try."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Delivery)
            .join(Campaign, Campaign.id == Delivery.campaign_id)
            .where(
                Campaign.state.not_in(CAMPAIGN_OVER),
                Delivery.relay_id == relay.id,
                Delivery.state.not_in(FINAL_DELIVERY_STATES),
            )
        )
        or 0
    )


def set_limits(session: Session, relay: Relay, group: str, limits: Limits) -> None:
    """Set what a relay takes, altogether or of one group of domains. Raises BadInput."""
    if group and group not in GROUPS:
        raise BadInput(f"There is no group {group}. Known are {', '.join(sorted(GROUPS))}.")
    insert_if_absent(session, Pace, **new_pace(PaceKey(relay.id, group)))
    pace = session.scalars(
        select(Pace).where(Pace.relay_id == relay.id, Pace.domain_group == group).with_for_update()
    ).one()
    for name, value in new_pace(PaceKey(relay.id, group), limits).items():
        if name != "used":
            setattr(pace, name, value)
    pace.rate = pace.ceiling = pace.room = pace.slowed_at = pace.raised_at = None
    session.flush()


def relay_statuses(session: Session, publication_id: int) -> Sequence[RelayStatus]:
    """All relays in use, in the order of their turns."""
    relays = session.scalars(
        select(Relay)
        .where(Relay.publication_id == publication_id, Relay.enabled)
        .order_by(Relay.priority, Relay.cost, Relay.id)
    ).all()
    now = clock(session)
    return [
        RelayStatus(
            relay,
            max(0.0, (relay.retry_at - now).total_seconds()) if relay.retry_at else 0.0,
            {pace.domain_group: _status(session, pace, now) for pace in _paces(session, relay)},
        )
        for relay in relays
    ]


def _fill(relay: Relay, entry: RelayEntry) -> None:
    address = entry.address
    relay.host, relay.port = address.host, address.port
    relay.security, relay.username = address.security, address.username
    relay.priority, relay.cost, relay.weight = entry.priority, entry.cost, entry.weight
    relay.is_direct, relay.enabled = entry.is_direct, True
    relay.trouble, relay.trouble_count, relay.retry_at = "", 0, None


def _named(publication_id: int, name: str) -> Select[Relay]:
    return select(Relay).where(Relay.publication_id == publication_id, Relay.name == name)


def _paces(session: Session, relay: Relay) -> Sequence[Pace]:
    return session.scalars(select(Pace).where(Pace.relay_id == relay.id).order_by(Pace.domain_group)).all()


def _status(session: Session, pace: Pace, now: datetime) -> PaceStatus:
    speed, connections, processes = session.execute(
        select(
            func.coalesce(func.sum(Seat.speed), 0.0),
            func.coalesce(func.sum(Seat.connections), 0),
            func.count(),
        ).where(Seat.pace_id == pace.id, Seat.until > now)
    ).one()
    used = pace.used if pace.day == now.date() else 0
    return PaceStatus(limits_of(pace), pace.rate, pace.room, float(speed), int(connections), processes, used)
