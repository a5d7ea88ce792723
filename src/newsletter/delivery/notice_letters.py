"""What single mails say: confirmations, welcomes, sign-in links."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.audience.subscribers import choices
from newsletter.domain.holes import Hole, HoleKind
from newsletter.domain.links import Links
from newsletter.domain.states import SubscriberState
from newsletter.mail.dkim.signers import Signers
from newsletter.mail.message import Mailbox, notice_headers, reader_headers
from newsletter.models import Consent, Identity, Notice, Publication, Section, SignIn, Subscriber
from newsletter.publishing.looks import letter_frame
from newsletter.rendering.compose import Composer
from newsletter.rendering.markers import Markers
from newsletter.rendering.plan import Plan, compile_plan


@dataclass(frozen=True)
class Facts:
    """What a notice's letter is made from."""

    address: str
    name: str
    values: Mapping[str, str]


class Alert(NamedTuple):
    """What those who write or look after a publication are told; `url` is where they can act."""

    subject: str
    lines: Sequence[str]
    url: str = ""
    action: str = ""


def alert_payload(alert: Alert) -> dict[str, Any]:
    """An alert as its notice keeps it."""
    return {**alert._asdict(), "lines": list(alert.lines)}


def facts_of(session: Session, links: Links, notice: Notice, now: datetime) -> Facts | None:
    """Look up what a notice needs, or None when its reason is gone: an erased subscriber, an expired link."""
    link = notice.payload.get("sign_in")
    if link is not None and not session.scalar(
        select(SignIn.id).where(SignIn.public_id == link, SignIn.used_at.is_(None), SignIn.expires_at > now)
    ):
        return None
    return _FACTS[notice.kind](session, links, notice)


def _confirm(session: Session, links: Links, notice: Notice) -> Facts | None:
    subscriber = _subscriber(session, notice)
    consent = session.scalar(select(Consent).where(Consent.public_id == notice.payload.get("consent")))
    if subscriber is None or consent is None:
        return None
    sections = session.scalars(
        select(Section.name).where(Section.id.in_(consent.section_ids)).order_by(Section.position)
    )
    values = {
        "action_url": links.confirm(consent.public_id, consent.at),
        "sections": ", ".join(sections),
    }
    # Until the owner of the address says yes, the name is only what somebody typed.
    return Facts(subscriber.address or "", "", {**values, "address": subscriber.address or ""})


def _preferences(session: Session, links: Links, notice: Notice) -> Facts | None:
    subscriber = _subscriber(session, notice)
    if subscriber is None:
        return None
    return _to_subscriber(subscriber, {"action_url": links.preferences(subscriber.public_id), "sections": ""})


def _section_change(session: Session, links: Links, notice: Notice) -> Facts | None:
    subscriber = _subscriber(session, notice)
    if subscriber is None or subscriber.state is not SubscriberState.ACTIVE:
        return None
    followed = (each.section.name for each in choices(session, subscriber) if each.followed)
    values = {"action_url": links.preferences(subscriber.public_id), "sections": ", ".join(followed)}
    return _to_subscriber(subscriber, values)


def _sign_in(session: Session, links: Links, notice: Notice) -> Facts | None:
    identity = session.get(Identity, notice.identity_id)
    link = session.scalar(select(SignIn).where(SignIn.public_id == notice.payload.get("sign_in")))
    if identity is None or identity.address is None or link is None:
        return None
    values = {"action_url": links.sign_in(link.public_id, link.created_at), "sections": ""}
    return Facts(identity.address, identity.name, {**values, "address": identity.address})


def _alert(session: Session, _links: Links, notice: Notice) -> Facts | None:
    identity = session.get(Identity, notice.identity_id)
    if identity is None or identity.address is None:
        return None
    return Facts(identity.address, identity.name, _nothing_but(identity.address))


def _nothing_but(address: str) -> dict[str, str]:
    return {"action_url": "", "sections": "", "address": address}


_FACTS: Mapping[str, Callable[[Session, Links, Notice], Facts | None]] = {
    "confirm": _confirm,
    "already": _preferences,
    "welcome": _preferences,
    "section_change": _section_change,
    "sign_in": _sign_in,
    "alert": _alert,
}


class NoticePress:
    """Prints notices; each kind's template is rendered and inlined once, then merged."""

    def __init__(self, composer: Composer, links: Links, signers: Signers) -> None:
        self._composer = composer
        self._links = links
        self._signers = signers
        self._plans: dict[tuple[str, ...], Plan] = {}

    def print(self, publication: Publication, notice: Notice, facts: Facts, now: datetime) -> bytes:
        """The bytes of one notice; printing it again gives the same Message-ID."""
        message_id = f"{notice.public_id}.n.{publication.public_id}@{publication.list_domain}"
        headers = reader_headers(Mailbox(facts.name, facts.address), message_id, now)
        plan = self._plan(publication, notice)
        message = plan.merge({**facts.values, **headers, "name": facts.name})
        signer = self._signers.of(publication.sender_address)
        return message if signer is None else signer.sign([message], int(now.timestamp())) + message

    def facts_for(self, address: str) -> Facts:
        """What a letter to somebody we know nothing of needs."""
        return Facts(address, "", _nothing_but(address))

    def _plan(self, publication: Publication, notice: Notice) -> Plan:
        kind = notice.kind
        if kind == "alert":  # each says something else
            return self._compile(publication, kind, alert=notice.payload)
        key = (
            kind,
            publication.name,
            publication.sender_name,
            publication.sender_address,
            publication.accent,
            json.dumps(publication.look, sort_keys=True),
            publication.postal_address,
            publication.locale,
        )
        if key not in self._plans:
            self._plans[key] = self._compile(publication, kind)
        return self._plans[key]

    def _compile(self, publication: Publication, kind: str, **more: object) -> Plan:
        markers = Markers()
        context = {
            **letter_frame(publication, self._links),
            "html": _holes(markers, HoleKind.HTML),
            "text": _holes(markers, HoleKind.TEXT),
            **more,
        }
        letter = self._composer.compose(kind, context, markers)
        sender = Mailbox(publication.sender_name, publication.sender_address)
        return compile_plan(notice_headers(sender, letter.subject), letter)


def _holes(markers: Markers, kind: HoleKind) -> Mapping[str, str]:
    return {name: markers.mark(Hole(name, kind)) for name in ("action_url", "sections", "address", "name")}


def _subscriber(session: Session, notice: Notice) -> Subscriber | None:
    subscriber = session.get(Subscriber, notice.subscriber_id)
    if subscriber is None or subscriber.address is None or subscriber.state is SubscriberState.ERASED:
        return None
    return subscriber


def _to_subscriber(subscriber: Subscriber, values: Mapping[str, str]) -> Facts:
    address = subscriber.address or ""
    return Facts(address, subscriber.name, {**values, "address": address})
