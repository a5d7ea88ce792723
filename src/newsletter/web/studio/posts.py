"""Writing: the list of posts, the page to write on, and publishing."""

from dataclasses import dataclass

from flask import Blueprint, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from newsletter.accounts.identities import Permission
from newsletter.audience.segments import count_followers
from newsletter.domain.errors import BadInput, BadPost, Conflict
from newsletter.domain.states import PostState, UncertainPolicy
from newsletter.models import Post
from newsletter.publishing.campaigns import Terms, begin_campaign, campaign_of_post, recent_campaigns
from newsletter.publishing.letters import Edition
from newsletter.publishing.posts import (
    Draft,
    create_post,
    edit_post,
    find_post,
    posts_for_studio,
    publish_post,
)
from newsletter.publishing.preflight.report import ALL
from newsletter.publishing.publications import sections_of, the_publication
from newsletter.web.context import house, page, require_visitor
from newsletter.web.studio.access import open_post

posts = Blueprint("posts", __name__, template_folder="templates", url_prefix="/studio")


@dataclass(frozen=True)
class Typed:
    """The form as it was sent, so that nothing typed is ever lost to an error."""

    title: str = ""
    subtitle: str = ""
    markdown: str = ""
    section: str = ""
    version: int = 0


@posts.get("/")
def overview() -> str:
    """All posts and the newest campaigns."""
    with house().database.reading() as session:
        require_visitor(session, Permission.WRITE)
        publication = the_publication(session)
        return page(
            session,
            "studio/overview.html",
            posts=posts_for_studio(session, publication.id),
            campaigns=recent_campaigns(session, publication.id, 5),
        )


@posts.route("/posts/new", methods=["GET", "POST"])
def new() -> str | BaseResponse | tuple[str, int]:
    """A blank page; saving it makes the post."""
    if request.method != "POST":
        with house().database.reading() as session:
            require_visitor(session, Permission.WRITE)
            return page(session, "studio/write.html", post=None, typed=Typed(), problem="", mailed=None)
    typed = _typed()
    try:
        with house().database.writing() as session:
            visitor = require_visitor(session, Permission.WRITE)
            publication = the_publication(session)
            draft = _draft(session, typed)
            post = create_post(session, publication.id, visitor.identity.id, draft, house().now())
            return _after_saving(post)
    except BadInput as error:
        return _written_badly(None, typed, error), 400


@posts.route("/posts/<public_id>", methods=["GET", "POST"])
def edit(public_id: str) -> str | BaseResponse | tuple[str, int]:
    """The page to write on."""
    if request.method != "POST":
        with house().database.reading() as session:
            post = open_post(session, public_id, Permission.WRITE)
            typed = Typed(post.title, post.subtitle, post.markdown, post.section.slug, post.version)
            mailed = campaign_of_post(session, post.id)
            return page(session, "studio/write.html", post=post, typed=typed, problem="", mailed=mailed)
    typed = _typed()
    try:
        with house().database.writing() as session:
            post = open_post(session, public_id, Permission.WRITE)
            edit_post(session, post, _draft(session, typed), typed.version, house().now())
            return _after_saving(post)
    except BadInput as error:
        return _written_badly(public_id, typed, error), 400
    except Conflict as error:
        return _written_badly(public_id, typed, error), 409


@posts.route("/posts/<public_id>/publish", methods=["GET", "POST"])
def publish(public_id: str) -> str | BaseResponse:
    """Ask how, and say in one sentence what will happen; then do it, once."""
    if request.method != "POST":
        return _ask_how(public_id)
    if request.form.get("how") == "email":
        return _publish_and_mail(public_id)
    with house().database.writing() as session:
        post = open_post(session, public_id, Permission.PUBLISH)
        _refuse_unseen(post)
        publish_post(session, post, house().now())
        return redirect(url_for("site_posts.post", slug=post.slug), 303)


def _ask_how(public_id: str) -> str:
    edition = _edition(public_id)
    report = house().inspector.inspect(edition, house().now()).report if edition.post.title else None
    with house().database.reading() as session:
        return page(
            session,
            "studio/publish.html",
            post=edition.post,
            report=report,
            followers=count_followers(session, edition.section.id),
            mailed=campaign_of_post(session, edition.post.id),
        )


def _publish_and_mail(public_id: str) -> BaseResponse:
    edition = _edition(public_id)
    _refuse_unseen(edition.post)
    seen = [check for check in request.form.getlist("accept") if check != ALL]  # what was on the screen
    content = house().inspector.inspect(edition, house().now()).cleared(seen)
    policy = UncertainPolicy(house().settings.uncertain_policy)
    with house().database.writing() as session:
        visitor = require_visitor(session, Permission.PUBLISH)
        terms = Terms(by=visitor.identity.address or "")
        campaign = begin_campaign(session, house().bell, content, policy, house().now(), terms)
        return redirect(url_for("campaigns.watch", public_id=campaign.public_id), 303)


def _edition(public_id: str) -> Edition:
    """The post as it would be mailed; checked outside of any transaction, for checks ask the DNS."""
    with house().database.reading() as session:
        post = open_post(session, public_id, Permission.PUBLISH)
        return Edition(the_publication(session), post.section, post)


def _refuse_unseen(post: Post) -> None:
    """What was reviewed is what is sent: the form names the version that was on the screen."""
    if request.form.get("version", type=int) != post.version:
        raise Conflict("The post was changed since you opened this page. Look at it again, then publish.")


def _typed() -> Typed:
    form = request.form
    return Typed(
        form.get("title", ""),
        form.get("subtitle", ""),
        form.get("markdown", ""),
        form.get("section", ""),
        form.get("version", 0, type=int),
    )


def _draft(session: Session, typed: Typed) -> Draft:
    for section in sections_of(session, the_publication(session)):
        if section.slug == typed.section:
            return Draft(typed.title, typed.markdown, section.id, typed.subtitle)
    raise BadPost("Please choose a section for the post.")


def _after_saving(post: Post) -> BaseResponse:
    where = (
        "posts.publish"
        if request.form.get("then") == "publish" and post.state is PostState.DRAFT
        else "posts.edit"
    )
    return redirect(url_for(where, public_id=post.public_id), 303)


def _written_badly(public_id: str | None, typed: Typed, error: Exception) -> str:
    with house().database.reading() as session:
        post = find_post(session, public_id) if public_id else None
        mailed = campaign_of_post(session, post.id) if post else None
        return page(session, "studio/write.html", post=post, typed=typed, problem=str(error), mailed=mailed)
