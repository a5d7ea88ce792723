"""What to paste into other sites so that people can subscribe there."""

from urllib.parse import urljoin

from flask import Blueprint, request, url_for
from markupsafe import escape

from newsletter.accounts.identities import Permission
from newsletter.models import Publication, Section
from newsletter.publishing.publications import choose_known_sections, sections_of, the_publication
from newsletter.web.context import house, page, require_visitor

embed_codes = Blueprint("embed_codes", __name__, template_folder="templates", url_prefix="/studio")

_FRAME = """\
<iframe src="{url}" title="{title}" width="100%" height="320" loading="lazy" frameborder="0"></iframe>
"""
_FORM = """\
<form method="post" action="{url}">
  <label for="newsletter-address">Your email address</label>
  <input id="newsletter-address" type="email" name="address" autocomplete="email" required maxlength="254">
{section}  <button>{title}</button>
</form>
"""
_SECTION = '  <input type="hidden" name="section" value="{slug}">\n'


@embed_codes.get("/embed")
def embed() -> str:
    """Both snippets, for the publication or one of its sections, and how the frame looks."""
    with house().database.reading() as session:
        require_visitor(session, Permission.WRITE)
        publication = the_publication(session)
        chosen = choose_known_sections(sections_of(session, publication), request.args.getlist("section")[:1])
        section = chosen[0] if chosen else None
        return page(
            session,
            "studio/embed.html",
            section=section,
            frame=frame_code(publication, section),
            form=form_code(publication, section),
        )


def frame_code(publication: Publication, section: Section | None) -> str:
    """The frame, as HTML."""
    url = _absolute(url_for("embedding.embed", section=section.slug if section else None))
    return _FRAME.format(url=escape(url), title=_title(publication, section))


def form_code(publication: Publication, section: Section | None) -> str:
    """The form, as HTML without style or script."""
    field = "" if section is None else _SECTION.format(slug=escape(section.slug))
    url = _absolute(url_for("embedding.from_elsewhere"))
    return _FORM.format(url=escape(url), section=field, title=_title(publication, section))


def _title(publication: Publication, section: Section | None) -> str:
    name = publication.name if section is None else section.name
    return escape(f"Subscribe to {name}")


def _absolute(path: str) -> str:
    return urljoin(house().links.home(), path)
