"""People who can sign in, and what they may do."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Select, select
from sqlalchemy.orm import Session as DatabaseSession

from newsletter.database import insert_if_absent
from newsletter.domain.addresses import Address
from newsletter.domain.errors import BadInput, NotAllowed, NotFound
from newsletter.domain.identifiers import new_public_id
from newsletter.domain.names import first_free, slug_of
from newsletter.models import Identity, Role

MAX_NAME = 200


class RoleName(StrEnum):
    """The roles there are."""

    OWNER = "owner"
    EDITOR = "editor"
    AUTHOR = "author"


class Permission(StrEnum):
    """What a role may be needed for."""

    WRITE = "write"
    PUBLISH = "publish"
    EDIT_ALL = "edit all posts"
    MODERATE = "moderate the discussion"


PERMISSIONS: Mapping[Permission, frozenset[RoleName]] = {
    Permission.WRITE: frozenset({RoleName.OWNER, RoleName.EDITOR, RoleName.AUTHOR}),
    Permission.PUBLISH: frozenset({RoleName.OWNER, RoleName.EDITOR, RoleName.AUTHOR}),
    Permission.EDIT_ALL: frozenset({RoleName.OWNER, RoleName.EDITOR}),
    Permission.MODERATE: frozenset({RoleName.OWNER, RoleName.EDITOR}),
}


def add_account(
    session: DatabaseSession, publication_id: int, address: Address, name: str, role: RoleName, now: datetime
) -> Identity:
    """Make an identity with a role, or give the role to the one that is there. Safe to repeat."""
    if len(name) > MAX_NAME:
        raise BadInput(f"The name is too long: {MAX_NAME} characters are the limit.")
    identity = claim_identity(session, publication_id, address, now)
    if name:
        identity.name = name
    if identity.slug is None:
        identity.slug = _free_slug(session, publication_id, slug_of(identity.name, "author"))
    insert_if_absent(
        session, Role, publication_id=publication_id, identity_id=identity.id, name=role, granted_at=now
    )
    return identity


def claim_identity(
    session: DatabaseSession, publication_id: int, address: Address, now: datetime
) -> Identity:
    """The identity of an address, made if need be, locked so that two forms take turns."""
    of_address = _of_address(publication_id, address).with_for_update()
    while True:
        insert_if_absent(
            session,
            Identity,
            publication_id=publication_id,
            public_id=new_public_id(),
            address=address.wire,
            address_key=address.key,
            created_at=now,
        )
        identity = session.scalars(of_address).one_or_none()
        if identity is not None:  # else the one that was there has been forgotten this very moment
            return identity


def _free_slug(session: DatabaseSession, publication_id: int, slug: str) -> str:
    query = select(Identity.slug).where(
        Identity.publication_id == publication_id, Identity.slug.startswith(slug)
    )
    return first_free(slug, {each for each in session.scalars(query) if each})


def find_identity(session: DatabaseSession, publication_id: int, address: Address) -> Identity | None:
    """The identity of an address, if there is one."""
    return session.scalar(_of_address(publication_id, address))


def _of_address(publication_id: int, address: Address) -> Select[Identity]:
    return select(Identity).where(
        Identity.publication_id == publication_id,
        Identity.address_key == address.key,
        Identity.erased_at.is_(None),
    )


def the_author(session: DatabaseSession, publication_id: int, address: Address | None) -> Identity:
    """The author of that address, or, when none is named, the first account. Raises NotFound."""
    if address is not None:
        identity = find_identity(session, publication_id, address)
        if identity is None:
            raise NotFound(
                f"There is no account for {address.wire}. Make one: newsletter account add {address.wire}"
            )
        return identity
    first = session.scalar(
        select(Identity)
        .join(Role, Role.identity_id == Identity.id)
        .where(Identity.publication_id == publication_id)
        .order_by(Identity.id)
        .limit(1)
    )
    if first is None:
        raise NotFound("There is no author yet. Make one: newsletter account add name@example.org")
    return first


def roles_of(session: DatabaseSession, identity: Identity) -> frozenset[RoleName]:
    """All roles of an identity."""
    return frozenset(
        RoleName(name) for name in session.scalars(select(Role.name).where(Role.identity_id == identity.id))
    )


def require(roles: frozenset[RoleName], permission: Permission) -> None:
    """Raise NotAllowed unless one of the roles has the permission."""
    if not roles & PERMISSIONS[permission]:
        raise NotAllowed(f"Your account may not {permission}. Ask the owner of the publication.")
