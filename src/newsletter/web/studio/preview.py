"""A post as its readers will get it: as a page, as an email, as text. By the very code that sends it."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy

from flask import Blueprint, Response, render_template

from newsletter.accounts.identities import Permission
from newsletter.domain.errors import NotFound
from newsletter.models import Post, Publication
from newsletter.publishing.letters import Edition, Reader, compose_letter, values_for
from newsletter.publishing.looks import look_of
from newsletter.publishing.publications import the_publication
from newsletter.rendering.content import read_content
from newsletter.web.context import house, page
from newsletter.web.studio.access import open_post

preview = Blueprint("preview", __name__, template_folder="templates", url_prefix="/studio")

_SAMPLE = Reader("reader@example.org", "", "a" * 13)
# A letter brings its own styles; it gets no script, no form and no place to go.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: data:; frame-ancestors 'self'; "
    "base-uri 'none'; sandbox"
)
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; frame-ancestors 'self'; sandbox"
)


@preview.get("/posts/<public_id>/preview")
def choose(public_id: str) -> str:
    """The preview, with its tabs."""
    with house().database.reading() as session:
        post = open_post(session, public_id, Permission.WRITE)
        return page(session, "studio/preview.html", post=post)


@preview.get("/posts/<public_id>/preview/<form>")
def show(public_id: str, form: str) -> Response:
    """One form of the post, for a frame: `web`, `email` or `text`."""
    with house().database.reading() as session:
        post, publication = open_post(session, public_id, Permission.WRITE), the_publication(session)
        if form == "web":
            return _framed(_as_page(post, publication), _PAGE_POLICY)
    if form not in {"email", "text"}:
        raise NotFound("There is no such preview.")
    message = _as_message(post, publication)
    if form == "text":
        return _framed(_part(message, "plain"), _LETTER_POLICY, "text/plain")
    return _framed(_part(message, "html"), _LETTER_POLICY)


def _as_page(post: Post, publication: Publication) -> str:
    content = read_content(post.markdown)
    return render_template(
        "studio/framed_post.html",
        post=post,
        publication=publication,
        look=look_of(publication),
        content=content.web_html(),
        minutes=content.minutes(),
    )


def _as_message(post: Post, publication: Publication) -> EmailMessage:
    links = house().links
    plan = compose_letter(house().composer, links, Edition(publication, post.section, post))
    values = values_for(links, post.section.public_id, _SAMPLE, "preview@localhost", house().now())
    return message_from_bytes(plan.merge(values), policy=default_policy)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def _framed(body: str, policy: str, mimetype: str = "text/html") -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Content-Security-Policy"] = policy
    return response
