"""Events on their way to the operator's own program: called one by one, and again while it is away."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.database import Database, clock
from newsletter.models import WebhookCall

_log = structlog.get_logger(__name__)

_WAITS = (10, 60, 300, 1_800, 7_200, 14_400, 28_800, 43_200)
_CLAIM_FOR = timedelta(seconds=60)
_AT_ONCE = 20

Call = Callable[[str, str, int, Mapping[str, Any]], str]
"""Event, id, seconds, payload; returns what went wrong."""


class _Due(NamedTuple):
    id: int
    public_id: str
    event: str
    payload: Mapping[str, Any]
    seconds: int


def make_webhook_calls(database: Database, call: Call) -> int:
    """Make the calls that are due. Returns how many went through; one that never does is given up."""
    done = 0
    for _ in range(_AT_ONCE):
        with database.writing() as session:
            due = _claim(session)
        if due is None:
            break
        trouble = call(due.event, due.public_id, due.seconds, due.payload)
        with database.writing() as session:
            _settle(session, due.id, trouble)
        if trouble:
            break  # whoever is away keeps nobody else waiting
        done += 1
    return done


def _claim(session: Session) -> _Due | None:
    now = clock(session)
    call = session.scalar(
        select(WebhookCall)
        .where(WebhookCall.done_at.is_(None), WebhookCall.next_at <= now)
        .order_by(WebhookCall.next_at, WebhookCall.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if call is None:
        return None
    call.attempts += 1
    call.next_at = now + _CLAIM_FOR
    return _Due(call.id, call.public_id, call.event, call.payload, int(call.created_at.timestamp()))


def _settle(session: Session, call_id: int, trouble: str) -> None:
    call = session.get_one(WebhookCall, call_id, with_for_update=True)
    now = clock(session)
    call.detail = trouble
    if not trouble or call.attempts > len(_WAITS):
        call.done_at = now
    else:
        call.next_at = _next(call.attempts, now)
    if trouble:
        _log.warning("webhook_failed", call=call.id, attempts=call.attempts, reason=trouble)


def _next(attempts: int, now: datetime) -> datetime:
    return now + timedelta(seconds=_WAITS[attempts - 1])
