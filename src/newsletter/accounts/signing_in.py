"""Sign-in without passwords: a mailed link, good once and not for long, in the browser that asked for it."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session as DatabaseSession

from newsletter.accounts.identities import PERMISSIONS, Permission, RoleName, claim_identity, roles_of
from newsletter.accounts.restraint import is_crowd
from newsletter.database import rows_changed
from newsletter.domain.addresses import Address
from newsletter.domain.errors import BadInput, BadLink, ExpiredLink
from newsletter.domain.links import SIGN_IN_WITHIN
from newsletter.domain.own_paths import own_path
from newsletter.domain.states import DeliveryState
from newsletter.jobs import Bell, Job
from newsletter.models import Identity, Notice, Session, SignIn

SIGNED_IN_FOR = timedelta(days=30)
LINKS_AN_HOUR = 5


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in."""

    identity: Identity
    roles: frozenset[RoleName]
    session_id: int

    def may(self, permission: Permission) -> bool:
        """Whether one of their roles has the permission."""
        return bool(self.roles & PERMISSIONS[permission])


@dataclass(frozen=True)
class Asked:
    """How somebody asks for a link: from which browser, to go where, and what is known of the address."""

    asker: str = ""
    leads_to: str = ""
    is_reader: bool = False
    must_not_be_mailed: bool = False
    crowd: int = 0
    """At most so many strangers of one domain are mailed an hour; 0 is no limit."""


class SignedIn(NamedTuple):
    """The secret for the browser's cookie, and where it was headed."""

    secret: str
    leads_to: str


def ask_to_sign_in(
    session: DatabaseSession, bell: Bell, publication_id: int, address: Address, asked: Asked, now: datetime
) -> None:
    """Mail a sign-in link to an address, known or not.

    Says nothing of whether it is known, and does the same work for both.
    """
    identity = claim_identity(session, publication_id, address, now)
    roles = roles_of(session, identity)
    crowded = is_crowd(session, publication_id, address, asked.crowd, now)
    if _too_many(session, identity, now):
        return
    is_known = bool(roles) or asked.is_reader or identity.confirmed_at is not None
    is_mailed = bool(roles) or not asked.must_not_be_mailed
    link = make_sign_in(session, identity, now)
    link.asker_hash = _hash(asked.asker) if asked.asker else ""
    link.leads_to = own_path(asked.leads_to)
    session.add(
        Notice(
            publication_id=publication_id,
            kind="sign_in",
            identity_id=identity.id,
            payload={"sign_in": link.public_id},
            state=DeliveryState.PLANNED if is_mailed and (is_known or not crowded) else DeliveryState.SKIPPED,
            next_at=now,
            created_at=now,
        )
    )
    bell.ring_after_commit(session, Job.NOTICES)


def make_sign_in(session: DatabaseSession, identity: Identity, now: datetime) -> SignIn:
    """Make a sign-in that can be used once, in any browser."""
    link = SignIn(identity_id=identity.id, created_at=now, expires_at=now + SIGN_IN_WITHIN)
    session.add(link)
    session.flush()
    return link


def asked_here(session: DatabaseSession, sign_in_public_id: str, asker: str) -> bool:
    """Whether a link was asked for by the browser with this secret. Raises BadLink."""
    link = _find(session, sign_in_public_id)
    return not link.asker_hash or hmac.compare_digest(link.asker_hash, _hash(asker))


def require_its_address(session: DatabaseSession, sign_in_public_id: str, address: Address) -> None:
    """Raise BadInput unless the link was mailed to this address: how another browser proves itself."""
    link = _find(session, sign_in_public_id)
    if session.get_one(Identity, link.identity_id).address_key != address.key:
        raise BadInput("This link was asked for with another address. Please type that one.")


def sign_in(session: DatabaseSession, sign_in_public_id: str, now: datetime, browser: str = "") -> SignedIn:
    """Use up a sign-in and open a session. Raises BadLink or ExpiredLink."""
    link = _find(session, sign_in_public_id)
    used = session.execute(
        update(SignIn)
        .where(SignIn.id == link.id, SignIn.used_at.is_(None), SignIn.expires_at > now)
        .values(used_at=now)
    )
    if not rows_changed(used):
        raise ExpiredLink("This sign-in link was used already or is too old. Please ask for a new one.")
    session.execute(
        update(Identity)
        .where(Identity.id == link.identity_id, Identity.confirmed_at.is_(None))
        .values(confirmed_at=now)
    )
    secret = secrets.token_urlsafe(32)
    session.add(
        Session(
            identity_id=link.identity_id,
            secret_hash=_hash(secret),
            browser=browser[:60],
            created_at=now,
            seen_at=now,
            expires_at=now + SIGNED_IN_FOR,
        )
    )
    return SignedIn(secret, link.leads_to)


def visitor_of(session: DatabaseSession, secret: str, now: datetime) -> Visitor | None:
    """Who holds this cookie, if the session is still good."""
    row = session.execute(
        select(Session.id, Identity)
        .join(Identity, Identity.id == Session.identity_id)
        .where(
            Session.secret_hash == _hash(secret),
            Session.expires_at > now,
            Session.revoked_at.is_(None),
            Identity.erased_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else Visitor(row[1], roles_of(session, row[1]), row[0])


def sign_out(session: DatabaseSession, visitor: Visitor, now: datetime) -> None:
    """End this session everywhere. Safe to repeat."""
    session.execute(
        update(Session)
        .where(Session.id == visitor.session_id, Session.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def _find(session: DatabaseSession, public_id: str) -> SignIn:
    link = session.scalar(
        select(SignIn)
        .join(Identity, Identity.id == SignIn.identity_id)
        .where(SignIn.public_id == public_id, Identity.erased_at.is_(None))
    )
    if link is None:
        raise BadLink("This sign-in link is not known here. Please ask for a new one.")
    return link


def _too_many(session: DatabaseSession, identity: Identity, now: datetime) -> bool:
    recent = session.scalar(
        select(func.count())
        .select_from(SignIn)
        .where(SignIn.identity_id == identity.id, SignIn.created_at > now - timedelta(hours=1))
    )
    return (recent or 0) >= LINKS_AN_HOUR


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
