"""From what went wrong to a page that says so, in one file."""

import structlog
from flask import Flask, Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import Forbidden, HTTPException, InternalServerError
from werkzeug.wrappers import Response as BaseResponse

from newsletter.domain.errors import (
    BadInput,
    BadLink,
    BadSetting,
    Conflict,
    DatabaseTrouble,
    ExpiredLink,
    NewsletterError,
    NotAllowed,
    NotFound,
)
from newsletter.web.context import SignInNeeded
from newsletter.web.languages import gettext, said
from newsletter.web.site.missing import missing

_log = structlog.get_logger(__name__)

_STATUS: tuple[tuple[type[NewsletterError], int], ...] = (
    (ExpiredLink, 410),
    (BadLink, 404),
    (BadInput, 400),
    (NotFound, 404),
    (NotAllowed, 403),
    (Conflict, 409),
    (DatabaseTrouble, 503),
    (BadSetting, 500),
)


def explain(app: Flask) -> None:
    """Answer every error with a page that says what happened and what to do."""
    app.register_error_handler(SignInNeeded, _ask_to_sign_in)
    app.register_error_handler(NewsletterError, _explain_ours)
    app.register_error_handler(HTTPException, _explain_http)
    app.register_error_handler(InternalServerError, _explain_bug)


def _ask_to_sign_in(_error: SignInNeeded) -> BaseResponse:
    if request.method in {"GET", "HEAD"}:
        query = request.query_string.decode("utf-8", "replace")
        return redirect(url_for("signing_in.ask", next=f"{request.path}?{query}".rstrip("?")))
    return _page(
        401,
        gettext("Please sign in"),
        gettext("You were signed out. Sign in again; your text is still in your browser."),
    )


def _explain_ours(error: NewsletterError) -> Response:
    for kind, status in _STATUS:
        if isinstance(error, kind):
            # Where the database is, or what a setting holds, is the operator's business.
            private = kind in (DatabaseTrouble, BadSetting)
            if private:
                _log.error("request_failed", endpoint=request.endpoint, reason=str(error))
            return _page(status, _title(kind), _private() if private else said(error))
    _log.error("request_failed", endpoint=request.endpoint, exc_info=error)
    return _explain_bug(error)


def _explain_http(error: HTTPException) -> BaseResponse:
    if error.code is None or error.code < 400:
        return error.get_response()
    title, text = _texts(error.code)
    own_words = error.code == 403 and error.description != Forbidden.description
    response = _page(error.code, title, str(error.description) if own_words else text)
    if error.code == 405:
        response.headers["Allow"] = error.get_response().headers.get("Allow", "GET")
    return response


def _explain_bug(_error: Exception) -> Response:
    return _page(
        500,
        gettext("Something went wrong here"),
        gettext("It is our fault, not yours. Nothing you sent was half done. Please try again."),
    )


def _title(kind: type[NewsletterError]) -> str:
    titles: dict[type[NewsletterError], str] = {
        ExpiredLink: gettext("This link has expired"),
        BadLink: gettext("This link does not work"),
        BadInput: gettext("Something needs another look"),
        NotFound: gettext("Nothing here"),
        NotAllowed: gettext("Not allowed"),
        Conflict: gettext("Somebody was faster"),
        DatabaseTrouble: gettext("Back in a moment"),
        BadSetting: gettext("This site is not set up right"),
    }
    return titles[kind]


def _private() -> str:
    return gettext("The site cannot answer right now. Please try again in a minute.")


def _texts(code: int) -> tuple[str, str]:
    texts = {
        400: (
            gettext("Something needs another look"),
            gettext("The request could not be read. Please go back and try again."),
        ),
        403: (gettext("Not allowed"), gettext("You may not do this.")),
        404: (gettext("Nothing here"), gettext("There is no page at this address. It may have moved.")),
        405: (
            gettext("Not this way"),
            gettext("This page cannot be used like that. Please go back and use its button."),
        ),
        413: (
            gettext("Too much at once"),
            gettext("What you sent is too large. Please shorten it and try again."),
        ),
        429: (
            gettext("A little slower, please"),
            gettext("There were many requests from your network. Wait a minute, then try again."),
        ),
    }
    return texts.get(code, (gettext("Something went wrong"), gettext("Please go back and try again.")))


def _page(status: int, title: str, text: str) -> Response:
    response = missing(title, text) if status == 404 else None
    if response is None:
        response = make_response(render_template("bare.html", title=title, text=text), status)
    response.headers["Cache-Control"] = "no-store"
    return response
