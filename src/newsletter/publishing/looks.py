"""How the letters of a publication look, and what every letter's template is given."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from newsletter.domain.links import Links
from newsletter.domain.look import CODE_COLOURS, SIGNS, Look, keep_look, read_look
from newsletter.models import Publication
from newsletter.publishing.versions import readers_see


def look_of(publication: Publication) -> Look:
    """The look that is set now."""
    return read_look(publication.look, publication.accent)


def change_look(session: Session, publication: Publication, given: Mapping[str, Any]) -> Look:
    """Change what is given. Raises BadInput; letters under way keep what they were frozen with."""
    look = replace(look_of(publication), **given)
    publication.accent, publication.look = look.accent, keep_look(look)
    readers_see(session, publication.id)
    return look


def letter_frame(publication: Publication, links: Links) -> Mapping[str, Any]:
    """What masthead, style and footer of any letter are made from."""
    return {
        "publication": publication,
        "look": look_of(publication),
        "code_colours": tuple(CODE_COLOURS.values()),
        "signs": SIGNS,
        "home_url": links.home(),
    }
