"""The publication and its sections."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.domain.errors import BadInput, NotFound
from newsletter.domain.names import one_line
from newsletter.domain.states import Discussing
from newsletter.models import Publication, Section
from newsletter.publishing.versions import readers_see

_FOUND = "the publication"
_LIMITS = {
    "name": 200,
    "tagline": 300,
    "sender_name": 200,
    "sender_address": 254,
    "postal_address": 500,
    "rhythm": 100,
}


@dataclass(frozen=True)
class NewSection:
    """A section to be made."""

    slug: str
    name: str
    description: str = ""


@dataclass(frozen=True)
class About:
    """What a publisher may change about a publication at any time."""

    name: str
    tagline: str
    description: str
    sender_name: str
    sender_address: str
    postal_address: str
    accent: str
    rhythm: str


def about(publication: Publication) -> About:
    """What is set now."""
    return About(**{each.name: getattr(publication, each.name) for each in fields(About)})


def change_publication(session: Session, publication: Publication, wanted: About) -> None:
    """Change it; letters under way keep what they were frozen with."""
    if not wanted.sender_address.isascii():
        raise BadInput("The sender's address must be plain ASCII: not every relay carries others.")
    for each in fields(About):
        value = one_line(getattr(wanted, each.name))
        if len(value) > _LIMITS.get(each.name, 2000):
            raise BadInput(f"The {each.name.replace('_', ' ')} is too long.")
        setattr(publication, each.name, value)
    readers_see(session, publication.id)


def change_discussing(
    session: Session, publication: Publication, who: Discussing, *, holds_first: bool
) -> None:
    """Say who may write below posts, and whether the first comment of each person waits for a moderator."""
    publication.discussing, publication.holds_first_comments = who, holds_first
    readers_see(session, publication.id)


def the_publication(session: Session) -> Publication:
    """The publication of this installation. Raises NotFound before the first start."""
    known = session.info.get(_FOUND)  # asked for several times in most transactions
    publication = known or session.scalar(select(Publication).order_by(Publication.id).limit(1))
    if publication is None:
        raise NotFound(
            "There is no publication yet. Start with `newsletter up`, or make one with `newsletter demo`."
        )
    session.info[_FOUND] = publication
    return cast("Publication", publication)


def ensure_publication(session: Session, sender_address: str, now: datetime) -> Publication:
    """The publication of this installation; an empty one with a single section if there is none."""
    publication = session.scalar(select(Publication).order_by(Publication.id).limit(1).with_for_update())
    if publication is None:
        publication = Publication(
            name="My newsletter",
            sender_name="My newsletter",
            sender_address=sender_address,
            list_domain=sender_address.rpartition("@")[2],
            created_at=now,
        )
        session.add(publication)
        session.flush()
        add_section(session, publication, NewSection("letters", "Letters", "Everything we write."), now)
    return publication


def add_section(session: Session, publication: Publication, new: NewSection, now: datetime) -> Section:
    """Add a section after the others."""
    _check_lengths(new.name, new.description)
    section = Section(
        publication_id=publication.id,
        slug=new.slug,
        name=new.name,
        description=new.description,
        position=len(sections_of(session, publication)),
        created_at=now,
    )
    session.add(section)
    session.flush()
    readers_see(session, publication.id)
    return section


def change_section(session: Session, section: Section, name: str, description: str) -> None:
    """Rename a section; its address and its followers stay. Raises BadInput."""
    name, description = one_line(name), one_line(description)
    if not name:
        raise BadInput("The section needs a name.")
    _check_lengths(name, description)
    section.name, section.description = name, description
    readers_see(session, section.publication_id)


def sections_of(session: Session, publication: Publication) -> Sequence[Section]:
    """All sections in their order."""
    return session.scalars(
        select(Section).where(Section.publication_id == publication.id).order_by(Section.position, Section.id)
    ).all()


def find_section(session: Session, publication: Publication, slug: str) -> Section:
    """The section of that name in addresses. Raises BadInput that lists the sections there are."""
    sections = sections_of(session, publication)
    for section in sections:
        if section.slug == slug:
            return section
    known = ", ".join(section.slug for section in sections)
    raise BadInput(f"There is no section “{slug}”. The sections are: {known}.")


def section_at(session: Session, publication: Publication, slug: str) -> Section:
    """The section that readers find at this address. Raises NotFound."""
    try:
        return find_section(session, publication, slug)
    except BadInput as error:
        raise NotFound("There is no section at this address.") from error


def choose_known_sections(sections: Sequence[Section], slugs: Sequence[str]) -> Sequence[Section]:
    """The sections with these slugs. Raises BadInput for an unknown one."""
    known = {section.slug: section for section in sections}
    unknown = [slug for slug in slugs if slug not in known]
    if unknown:
        raise BadInput("There is no section “{slug}”. Please choose from the list.", slug=unknown[0][:50])
    return [known[slug] for slug in dict.fromkeys(slugs)]


def _check_lengths(name: str, description: str) -> None:
    if len(name) > _LIMITS["name"] or len(description) > 500:
        raise BadInput("The name or description is too long: 200 and 500 characters are the limits.")
