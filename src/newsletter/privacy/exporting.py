"""All that we hold of a person, in a form that people and programs can read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts.identities import roles_of
from newsletter.audience.belonging import subscriber_of
from newsletter.models import (
    AddressChange,
    Base,
    Campaign,
    Comment,
    CommentLike,
    Consent,
    Delivery,
    Identity,
    MutedThread,
    Picture,
    Post,
    PostLike,
    Report,
    Section,
    Subscriber,
    Subscription,
)
from newsletter.models import Session as SignedInBrowser

Entry = dict[str, Any]


def what_we_hold(session: Session, identity: Identity) -> Entry:
    """Everything that belongs to an account and its address."""
    subscriber = subscriber_of(session, identity)
    return {
        "account": _account(session, identity),
        "signed_in": _rows(
            session, SignedInBrowser, identity, "browser created_at seen_at expires_at revoked_at"
        ),
        "changes_of_address": _rows(session, AddressChange, identity, "address created_at done_at"),
        "likes": _likes(session, identity),
        "comments": _comments(session, identity),
        "reports": _reports(session, identity),
        "muted_threads": _of_comments(session, MutedThread, identity),
        "reading": None if subscriber is None else _reading(session, subscriber),
    }


def _account(session: Session, identity: Identity) -> Entry:
    picture = session.get(Picture, identity.picture_id) if identity.picture_id else None
    return {
        **_chosen(
            identity,
            "address name bio locale time_zone hears_of_comments created_at confirmed_at",
        ),
        "roles": sorted(roles_of(session, identity)),
        "picture": None if picture is None else _chosen(picture, "public_id name width height created_at"),
    }


def _likes(session: Session, identity: Identity) -> Entry:
    posts = session.execute(
        select(Post.slug, PostLike.at)
        .join(Post, Post.id == PostLike.post_id)
        .where(PostLike.identity_id == identity.id)
        .order_by(PostLike.at)
    )
    return {
        "posts": [{"post": f"/p/{slug}", "at": _said(at)} for slug, at in posts],
        "comments": _of_comments(session, CommentLike, identity),
    }


def _comments(session: Session, identity: Identity) -> Sequence[Entry]:
    rows = session.execute(
        select(Comment, Post.slug)
        .join(Post, Post.id == Comment.post_id)
        .where(Comment.identity_id == identity.id)
        .order_by(Comment.id)
    )
    return [
        {
            "address": f"/p/{slug}/comments/{comment.public_id}",
            **_chosen(comment, "markdown state likes created_at edited_at"),
        }
        for comment, slug in rows
    ]


def _reports(session: Session, identity: Identity) -> Sequence[Entry]:
    rows = session.execute(
        select(Comment.public_id, Report.reason, Report.at)
        .join(Comment, Comment.id == Report.comment_id)
        .where(Report.identity_id == identity.id)
        .order_by(Report.at)
    )
    return [{"comment": comment, "reason": reason, "at": _said(at)} for comment, reason, at in rows]


def _of_comments(
    session: Session, model: type[CommentLike | MutedThread], identity: Identity
) -> Sequence[Entry]:
    rows = session.execute(
        select(Comment.public_id, model.at)
        .join(Comment, Comment.id == model.comment_id)
        .where(model.identity_id == identity.id)
        .order_by(model.at)
    )
    return [{"comment": comment, "at": _said(at)} for comment, at in rows]


def _reading(session: Session, subscriber: Subscriber) -> Entry:
    sections = select(Section.id, Section.name).where(Section.publication_id == subscriber.publication_id)
    names = {row.id: row.name for row in session.execute(sections)}
    return {
        **_chosen(
            subscriber,
            "address name state locale time_zone rhythm paused_until created_at confirmed_at left_at",
        ),
        "sections": [
            {"section": names.get(each.section_id), **_chosen(each, "state asked_at confirmed_at ended_at")}
            for each in session.scalars(
                select(Subscription).where(Subscription.subscriber_id == subscriber.id)
            )
        ],
        "said": [
            {
                **_chosen(each, "kind wording source client name at"),
                "sections": [names.get(section_id) for section_id in each.section_ids],
            }
            for each in session.scalars(
                select(Consent).where(Consent.subscriber_id == subscriber.id).order_by(Consent.id)
            )
        ],
        "letters": _letters(session, subscriber),
    }


def _letters(session: Session, subscriber: Subscriber) -> Sequence[Entry]:
    campaigns = session.scalars(
        select(Campaign.id).where(Campaign.publication_id == subscriber.publication_id)
    )
    # Naming the campaigns lets the database use the key of deliveries; it begins with them.
    rows = session.execute(
        select(Campaign.subject, Campaign.created_at, Delivery.state, Delivery.changed_at)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .where(Delivery.campaign_id.in_(campaigns.all()), Delivery.subscriber_id == subscriber.id)
        .order_by(Campaign.id)
    )
    return [
        {"subject": subject, "state": state.word, "at": _said(changed or created)}
        for subject, created, state, changed in rows
    ]


def _rows(session: Session, model: type[Any], identity: Identity, names: str) -> Sequence[Entry]:
    rows = session.scalars(select(model).where(model.identity_id == identity.id).order_by(model.id))
    return [_chosen(each, names) for each in rows]


def _chosen(row: Base, names: str) -> Entry:
    return {name: _said(getattr(row, name)) for name in names.split()}


def _said(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
