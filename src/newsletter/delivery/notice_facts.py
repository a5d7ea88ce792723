"""What single mails are made from, looked up when they leave; what has lost its reason is not sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from newsletter.audience.subscribers import choices
from newsletter.discussion.telling import has_muted
from newsletter.domain.links import Links
from newsletter.domain.names import one_line
from newsletter.domain.states import CommentState, PostState, SubscriberState
from newsletter.models import (
    AddressChange,
    Comment,
    Consent,
    Identity,
    Notice,
    Section,
    SignIn,
    Subscriber,
)
from newsletter.rendering.excerpts import excerpt_of

_WORDS_SHOWN = 600
"""Characters of a comment; the rest is read where it can be answered."""


@dataclass(frozen=True)
class Facts:
    """What a notice's letter is made from; `as_author` chooses its words, all else fills its holes."""

    address: str
    name: str
    values: Mapping[str, str]
    as_author: bool = False


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
    """Look up what a notice needs, or None when its reason is gone: an erased reader, an expired link."""
    link = notice.payload.get("sign_in")
    if link is not None and not session.scalar(
        select(SignIn.id).where(SignIn.public_id == link, SignIn.used_at.is_(None), SignIn.expires_at > now)
    ):
        return None
    change = notice.payload.get("change")
    if change is not None and not session.scalar(
        select(AddressChange.id).where(
            AddressChange.public_id == change, AddressChange.done_at.is_(None), AddressChange.expires_at > now
        )
    ):
        return None
    return _FACTS[notice.kind](session, links, notice)


def nothing_but(address: str) -> dict[str, str]:
    """What any template may ask for, where only the address is known."""
    return {"action_url": "", "sections": "", "address": address}


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
    identity = _identity(session, notice)
    link = session.scalar(select(SignIn).where(SignIn.public_id == notice.payload.get("sign_in")))
    if identity is None or link is None:
        return None
    return _to_identity(identity, {"action_url": links.sign_in(link.public_id, link.created_at)})


def _alert(session: Session, _links: Links, notice: Notice) -> Facts | None:
    identity = _identity(session, notice)
    return None if identity is None else _to_identity(identity, {})


def _address_old(session: Session, links: Links, notice: Notice) -> Facts | None:
    identity, change = _identity(session, notice), _change(session, notice)
    if identity is None or change is None or change.old_agreed_at is not None:
        return None
    values = {
        "action_url": links.address_change(change.public_id, change.created_at, by_new=False),
        "account_url": links.account(),
        "new_address": change.address,
    }
    return _to_identity(identity, values)


def _address_new(session: Session, links: Links, notice: Notice) -> Facts | None:
    identity, change = _identity(session, notice), _change(session, notice)
    if identity is None or change is None or change.new_agreed_at is not None:
        return None
    url = links.address_change(change.public_id, change.created_at, by_new=True)
    # Whoever gets it may be somebody else altogether: they learn neither a name nor the old address.
    return Facts(change.address, "", {**nothing_but(change.address), "action_url": url})


def _comment(session: Session, links: Links, notice: Notice) -> Facts | None:
    identity = _identity(session, notice)
    comment = session.scalar(
        select(Comment)
        .where(Comment.public_id == notice.payload.get("comment"))
        .options(joinedload(Comment.post), joinedload(Comment.identity))
    )
    if identity is None or comment is None or not _is_news(comment, identity):
        return None
    if has_muted(session, identity, comment):
        return None
    thread = comment if comment.root_id is None else session.get_one(Comment, comment.root_id)
    values = {
        "action_url": links.comment(comment.post.slug, comment.public_id),
        "mute_url": links.mute(identity.public_id, thread.public_id),
        "mute_all_url": links.mute(identity.public_id),
        "writer": one_line(comment.identity.name) or "A reader",
        "title": one_line(comment.post.title),
        "words": excerpt_of(comment.html, _WORDS_SHOWN),
    }
    return _to_identity(identity, values, as_author=comment.post.author_id == identity.id)


_FACTS: Mapping[str, Callable[[Session, Links, Notice], Facts | None]] = {
    "confirm": _confirm,
    "already": _preferences,
    "welcome": _preferences,
    "section_change": _section_change,
    "sign_in": _sign_in,
    "alert": _alert,
    "address_old": _address_old,
    "address_new": _address_new,
    "comment": _comment,
}


def _is_news(comment: Comment, identity: Identity) -> bool:
    """Whether somebody can still read it who wants to, and did not write it."""
    can_be_read = comment.state is CommentState.VISIBLE and comment.post.state is PostState.PUBLISHED
    return can_be_read and identity.hears_of_comments and comment.identity_id != identity.id


def _subscriber(session: Session, notice: Notice) -> Subscriber | None:
    subscriber = session.get(Subscriber, notice.subscriber_id)
    if subscriber is None or subscriber.address is None or subscriber.state is SubscriberState.ERASED:
        return None
    return subscriber


def _identity(session: Session, notice: Notice) -> Identity | None:
    identity = session.get(Identity, notice.identity_id)
    if identity is None or identity.address is None or identity.erased_at is not None:
        return None
    return identity


def _change(session: Session, notice: Notice) -> AddressChange | None:
    change = notice.payload.get("change")
    return session.scalar(select(AddressChange).where(AddressChange.public_id == change))


def _to_subscriber(subscriber: Subscriber, values: Mapping[str, str]) -> Facts:
    address = subscriber.address or ""
    return Facts(address, subscriber.name, {**values, "address": address})


def _to_identity(identity: Identity, values: Mapping[str, str], *, as_author: bool = False) -> Facts:
    address = identity.address or ""
    return Facts(address, identity.name, {**nothing_but(address), **values}, as_author)
