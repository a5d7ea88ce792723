"""Sign-in without passwords: a mailed link, good once and not for long."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session as DatabaseSession

from newsletter.accounts.identities import PERMISSIONS, Permission, RoleName, find_identity, roles_of
from newsletter.database import rows_changed
from newsletter.domain.addresses import Address
from newsletter.domain.errors import BadLink, ExpiredLink
from newsletter.domain.links import SIGN_IN_WITHIN
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


def ask_to_sign_in(
    session: DatabaseSession, bell: Bell, publication_id: int, address: Address, now: datetime
) -> None:
    """Mail a sign-in link if there is an account. Says nothing of whether there is."""
    identity = find_identity(session, publication_id, address)
    if identity is None or _too_many(session, identity, now):
        return
    link = make_sign_in(session, identity, now)
    session.add(
        Notice(
            publication_id=publication_id,
            kind="sign_in",
            identity_id=identity.id,
            payload={"sign_in": link.public_id},
            next_at=now,
            created_at=now,
        )
    )
    bell.ring_after_commit(session, Job.NOTICES)


def make_sign_in(session: DatabaseSession, identity: Identity, now: datetime) -> SignIn:
    """Make a sign-in that can be used once."""
    link = SignIn(identity_id=identity.id, created_at=now, expires_at=now + SIGN_IN_WITHIN)
    session.add(link)
    session.flush()
    return link


def sign_in(session: DatabaseSession, sign_in_public_id: str, now: datetime) -> str:
    """Use up a sign-in and open a session. Returns the cookie's secret. Raises BadLink or ExpiredLink."""
    link = session.scalar(select(SignIn).where(SignIn.public_id == sign_in_public_id))
    if link is None:
        raise BadLink("This sign-in link is not known here. Please ask for a new one.")
    used = session.execute(
        update(SignIn)
        .where(SignIn.id == link.id, SignIn.used_at.is_(None), SignIn.expires_at > now)
        .values(used_at=now)
    )
    if not rows_changed(used):
        raise ExpiredLink("This sign-in link was used already or is too old. Please ask for a new one.")
    secret = secrets.token_urlsafe(32)
    session.add(
        Session(
            identity_id=link.identity_id,
            secret_hash=_hash(secret),
            created_at=now,
            expires_at=now + SIGNED_IN_FOR,
        )
    )
    return secret


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


def _too_many(session: DatabaseSession, identity: Identity, now: datetime) -> bool:
    recent = session.scalar(
        select(func.count())
        .select_from(SignIn)
        .where(SignIn.identity_id == identity.id, SignIn.created_at > now - timedelta(hours=1))
    )
    return (recent or 0) >= LINKS_AN_HOUR


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
