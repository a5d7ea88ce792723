"""A reader of whom there is a trace in nearly every table."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts.audit import Actor, record
from newsletter.accounts.identities import claim_identity
from newsletter.accounts.moving import ask_to_move
from newsletter.accounts.signing_in import Asked, ask_to_sign_in, make_sign_in, sign_in
from newsletter.audience.consents import Words
from newsletter.audience.subscribing import Request, ask_to_subscribe, confirm_subscription
from newsletter.audience.suppression import SuppressionReason, Why, suppress_bounced
from newsletter.delivery.freezing import freeze_audience
from newsletter.domain.addresses import parse_address
from newsletter.domain.states import CommentState, DeliveryState
from newsletter.media.pictures import keep_picture, make_picture
from newsletter.models import (
    Ban,
    Bounce,
    Comment,
    CommentLike,
    Consent,
    Delivery,
    Identity,
    MutedThread,
    Notice,
    Post,
    PostLike,
    Publication,
    Report,
    Section,
    Subscriber,
)
from newsletter.wiring import House
from tests.support.factories import NOW, mail_post, make_author, make_post, make_publication, make_section
from tests.support.pictures import drawing, written

EVE = parse_address("Eve.Secret@example.org")
NAME = "Evelyn Unmistakable"
SAID = "xylophone"


@dataclass(frozen=True)
class Trace:
    publication: Publication
    section: Section
    author: Identity
    post: Post
    eve: Identity
    ada: Identity


@pytest.fixture
def trace(house: House) -> Trace:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)
        author = make_author(session, publication)
        post = make_post(session, section, author, title="First", published=True)
    _read_letters(house, publication, section)
    campaign = mail_post(house, post)
    freeze_audience(house.database, house.bell, campaign.id, 10)
    with house.database.writing() as session:
        _trouble_with_mail(session, house, publication, campaign.id)
        eve = claim_identity(session, publication.id, EVE, NOW)
        ada = claim_identity(session, publication.id, parse_address("ada@example.org"), NOW)
        _sign_in_and_show_up(session, house, eve)
        _talk(session, session.get_one(Post, post.id), eve, ada)
        ask_to_move(session, house.bell, ada, EVE, NOW)
        hashed = house.hasher.hash(EVE)
        session.add(
            Ban(publication_id=publication.id, address_hash=hashed, identity_id=eve.id, reason="rude", at=NOW)
        )
        record(session, publication.id, Actor(EVE.wire), "send", f"campaign {campaign.public_id}")
    return Trace(publication, section, author, post, eve, ada)


def _read_letters(house: House, publication: Publication, section: Section) -> None:
    request = Request(EVE, NAME, [section.id], Words("Send me new posts.", "a test", "192.0.2.77"))
    with house.database.writing() as session:
        ask_to_subscribe(session, house.bell, house.hasher, publication.id, request, NOW)
    with house.database.writing() as session:
        consent = session.scalars(select(Consent.public_id)).one()
        confirm_subscription(session, house.bell, consent, Words("Yes.", "a test", "192.0.2.77"), NOW)
        session.scalars(select(Subscriber)).one().locale = "en-UNUSUAL"


def _trouble_with_mail(session: Session, house: House, publication: Publication, campaign_id: int) -> None:
    subscriber = session.scalars(select(Subscriber)).one()
    refusal = f"<{EVE.wire}>: mailbox full"
    session.scalars(select(Delivery)).one().detail = refusal
    session.add(
        Bounce(campaign_id=campaign_id, subscriber_id=subscriber.id, meaning="full", detail=refusal, at=NOW)
    )
    why = Why(SuppressionReason.UNREACHABLE, refusal, NOW)
    suppress_bounced(session, house.hasher, publication.id, {subscriber.id: EVE.key}, why)


def _sign_in_and_show_up(session: Session, house: House, eve: Identity) -> None:
    ask_to_sign_in(session, house.bell, eve.publication_id, EVE, Asked("secret", "/account"), NOW)
    sign_in(session, make_sign_in(session, eve, NOW).public_id, NOW, "Firefox on Linux")
    eve.name, eve.bio, eve.locale, eve.time_zone = NAME, f"I am {NAME}", "en-UNUSUAL", "Europe/Nowhere"
    session.flush()
    ask_to_move(session, house.bell, eve, parse_address("eve.new@example.org"), NOW)
    session.flush()
    made = make_picture(written(drawing(8, 8), "PNG"), "evelyn.png")
    eve.picture_id = keep_picture(session, house.media, eve.publication_id, eve.id, made, NOW).id
    sending = session.scalars(select(Notice).where(Notice.identity_id == eve.id)).first()
    assert sending is not None
    sending.state, sending.detail = DeliveryState.SENDING, f"about {EVE.wire}"


def _talk(session: Session, post: Post, eve: Identity, ada: Identity) -> None:
    """Ada begins, Eve answers, Ada answers her; Eve begins another thread."""
    first = _comment(session, post, ada, "Hello")
    answer = _comment(session, post, eve, SAID, first)
    _comment(session, post, ada, "Indeed", first, answer)
    _comment(session, post, eve, SAID, at=NOW + timedelta(hours=1))
    _comment(session, post, eve, SAID, state=CommentState.HIDDEN)
    session.flush()
    first.answers, first.likes, answer.likes = 2, 2, 1
    post.comments, post.commented_at, post.likes = 4, NOW + timedelta(hours=1), 2
    for identity in (eve, ada):
        session.add(PostLike(post_id=post.id, identity_id=identity.id, at=NOW))
        session.add(CommentLike(comment_id=first.id, identity_id=identity.id, at=NOW))
    session.add(CommentLike(comment_id=answer.id, identity_id=ada.id, at=NOW))
    session.add(Report(comment_id=first.id, identity_id=eve.id, reason=f"{NAME} minds", at=NOW))
    session.add(Report(comment_id=answer.id, identity_id=ada.id, reason=f"{NAME} is rude", at=NOW))
    session.add(MutedThread(comment_id=first.id, identity_id=eve.id, at=NOW))


def _comment(
    session: Session,
    post: Post,
    by: Identity,
    text: str,
    root: Comment | None = None,
    parent: Comment | None = None,
    at=NOW,
    state: CommentState = CommentState.VISIBLE,
) -> Comment:
    comment = Comment(
        publication_id=post.publication_id,
        post_id=post.id,
        identity_id=by.id,
        root_id=root.id if root else None,
        parent_id=(parent or root).id if root else None,
        depth=(1 if parent is None else 2) if root else 0,
        markdown=text,
        html=f"<p>{text}</p>",
        state=state,
        created_at=at,
    )
    session.add(comment)
    session.flush()
    return comment
