"""Lists caught mail and shows each as HTML, text, source and headers."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path

from flask import Flask, Response, jsonify, render_template, request
from jinja2 import FileSystemLoader

from newsletter.domain.errors import NotFound
from newsletter.mail.catcher import Caught, Spool
from newsletter.web import assets, languages

_STATIC = Path(__file__).parent.parent / "static"
_SHOWN = 100
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)


def create_inbox(spool: Spool) -> Flask:
    """The pages over one spool."""
    app = Flask(__name__, static_folder=str(_STATIC), template_folder="templates")
    assets.add_to(app, _STATIC)
    languages.add_to(app)

    @app.get("/")
    def overview() -> str:
        wanted = request.args.get("to", "")
        found = [caught for caught in spool.all() if _matches(caught, wanted)]
        return render_template(
            "inbox/list.html", messages=found[: -_SHOWN - 1 : -1], total=len(found), wanted=wanted
        )

    @app.get("/messages.json")
    def as_json() -> Response:
        wanted = request.args.get("to", "")
        return jsonify([caught for caught in spool.all() if _matches(caught, wanted)])

    @app.get("/<int:number>")
    def message(number: int) -> str:
        caught, raw = spool.get(number)
        return render_template(
            "inbox/message.html",
            caught=caught,
            headers=_headers(raw),
            text=_part(raw, "plain"),
            source=raw.decode("utf-8", "replace"),
            shown=request.args.get("as", "html"),
        )

    @app.get("/<int:number>/html")
    def letter(number: int) -> Response:
        response = Response(_part(spool.get(number)[1], "html") or "", mimetype="text/html")
        response.headers["Content-Security-Policy"] = _LETTER_POLICY
        return response

    @app.get("/<int:number>/source")
    def source(number: int) -> Response:
        return Response(spool.get(number)[1], mimetype="text/plain")

    @app.errorhandler(NotFound)
    def not_found(error: NotFound) -> tuple[str, int]:
        return render_template("bare.html", title="Nothing here", text=str(error)), 404

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    app.jinja_loader = _loader()
    return app


def _loader() -> FileSystemLoader:
    here = Path(__file__).parent
    return FileSystemLoader([here / "templates", here.parent / "templates"])


def _matches(caught: Caught, wanted: str) -> bool:
    return not wanted or any(wanted.lower() in recipient.lower() for recipient in caught.recipients)


def _parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default_policy)


def _headers(raw: bytes) -> list[tuple[str, str]]:
    return [(name, str(value)) for name, value in _parsed(raw).items()]


def _part(raw: bytes, kind: str) -> str | None:
    part = _parsed(raw).get_body((kind,))
    return None if part is None else str(part.get_content())
