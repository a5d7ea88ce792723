"""Subscribe forms on other sites: our small page in a frame there, or a form of theirs that leads here."""

from urllib.parse import urlencode, urljoin

from flask import Blueprint, Response, jsonify, make_response, request, url_for

from newsletter.publishing.versions import SITE
from newsletter.web.context import house
from newsletter.web.keeping import keep
from newsletter.web.site.asking import Answer, Sent, Stage, read_form, show_form, take_form

embedding = Blueprint("embedding", __name__, template_folder="templates")


@embedding.route("/embed", methods=["GET", "POST"])
def embed() -> str | Answer:
    """The form for a frame. No address of the page fills it in: who presses must have typed theirs."""
    if request.method == "POST":
        return take_form(Stage.FRAME)
    with house().database.reading() as session:
        keep(session, SITE)
    sections = tuple(request.args.getlist("section")[:1])
    return show_form(Stage.FRAME, Sent(sections=sections))


@embedding.post("/subscribe/from-elsewhere")
def from_elsewhere() -> Response:
    """Show our own form, filled in with what another site's form sent. It changes nothing."""
    sent = read_form()
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        response = jsonify({"continue": _subscribe_url(sent)})
        response.headers["Access-Control-Allow-Origin"] = "*"
    else:
        filled_in = show_form(Stage.SITE, sent, source="form on another site", switches=False)
        response = make_response(filled_in)
    response.headers["Cache-Control"] = "no-store"
    return response


def _subscribe_url(sent: Sent) -> str:
    """Our form, with their sections; an address has no business in a URL, where logs keep it."""
    url = urljoin(house().links.home(), url_for("subscribing.ask"))
    return f"{url}?{urlencode([('section', each) for each in sent.sections])}" if sent.sections else url
