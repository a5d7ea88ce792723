"""Those who write and those who look after it are told what they should know: by mail and by webhook.

What is told is written down in the transaction in which it happens, and sent later.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts.identities import RoleName
from newsletter.database import clock
from newsletter.delivery.notice_facts import Alert, alert_payload
from newsletter.delivery.progress import Counts, count_deliveries
from newsletter.domain.links import Links
from newsletter.models import Campaign, Notice, Post, Relay, Role, WebhookCall

_NOT_SO_OFTEN = timedelta(hours=1)


class Event(StrEnum):
    """What a webhook is called for."""

    CAMPAIGN_FINISHED = "campaign.finished"
    CAMPAIGN_PAUSED = "campaign.paused"
    RELAY_TROUBLE = "relay.trouble"


@dataclass(frozen=True)
class Herald:
    """Writes down what is to be told."""

    links: Links
    calls_webhook: bool

    def campaign_paused(self, session: Session, campaign: Campaign) -> None:
        """It paused itself, and a person has to look."""
        lines = (
            f"The campaign “{campaign.subject}” paused itself. {campaign.trouble}",
            "Nothing is lost: whoever has no letter yet still waits for it. Look at it, then decide.",
            f"To let it go on: newsletter campaign resume {campaign.public_id}",
        )
        self._tell_of(session, campaign, Event.CAMPAIGN_PAUSED, f"Paused: {campaign.subject}", lines)

    def campaign_finished(self, session: Session, campaign: Campaign) -> None:
        """Every letter has come to its end."""
        lines = (_sum(count_deliveries(session, campaign.id)),)
        self._tell_of(session, campaign, Event.CAMPAIGN_FINISHED, f"Sent: {campaign.subject}", lines)

    def relay_rests(self, session: Session, relay: Relay) -> None:
        """It cannot be used; told once an hour at most."""
        now = clock(session)
        if relay.told_at is not None and now - relay.told_at < _NOT_SO_OFTEN:
            return
        relay.told_at = now
        self._call(
            session,
            relay.publication_id,
            Event.RELAY_TROUBLE,
            {"relay": relay.name, "trouble": relay.trouble},
            now,
        )
        lines = (
            relay.trouble,
            "No letter is lost and nobody is to blame among the readers: letters wait, or go over another "
            "relay. It is tried again by itself. What it says: newsletter relay test " + relay.name,
        )
        alert = Alert(f"The relay {relay.name} cannot be used", lines)
        self._mail(session, relay.publication_id, _owners(session, relay.publication_id), alert, now)

    def _tell_of(
        self, session: Session, campaign: Campaign, event: Event, subject: str, lines: tuple[str, ...]
    ) -> None:
        now = clock(session)
        payload = {
            "campaign": campaign.public_id,
            "subject": campaign.subject,
            "state": campaign.state,
            "reason": campaign.trouble,
            **count_deliveries(session, campaign.id).as_dict(),
        }
        self._call(session, campaign.publication_id, event, payload, now)
        author = session.scalar(select(Post.author_id).where(Post.id == campaign.post_id))
        people = {*_owners(session, campaign.publication_id), *([author] if author else [])}
        alert = Alert(subject, lines, self.links.campaign(campaign.public_id), "See the campaign")
        self._mail(session, campaign.publication_id, people, alert, now)

    def _mail(
        self, session: Session, publication_id: int, people: Collection[int], alert: Alert, now: datetime
    ) -> None:
        for identity_id in sorted(people):
            session.add(
                Notice(
                    publication_id=publication_id,
                    kind="alert",
                    identity_id=identity_id,
                    payload=alert_payload(alert),
                    next_at=now,
                    created_at=now,
                )
            )

    def _call(
        self, session: Session, publication_id: int, event: Event, payload: dict[str, Any], now: datetime
    ) -> None:
        if self.calls_webhook:
            session.add(
                WebhookCall(
                    publication_id=publication_id, event=event, payload=payload, created_at=now, next_at=now
                )
            )


def _owners(session: Session, publication_id: int) -> Collection[int]:
    return session.scalars(
        select(Role.identity_id).where(Role.publication_id == publication_id, Role.name == RoleName.OWNER)
    ).all()


def _sum(counts: Counts) -> str:
    parts = [f"{counts.accepted:,} of {counts.total:,} letters were accepted"]
    if counts.failed:
        parts.append(f"{counts.failed:,} failed")
    if counts.skipped:
        parts.append(f"{counts.skipped:,} were not sent, because their readers had left")
    if counts.uncertain:
        parts.append(f"of {counts.uncertain:,} nobody knows whether they arrived")
    return "; ".join(parts) + "."
