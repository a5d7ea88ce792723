"""Light or dark, and in which language: two choices a reader makes, kept in cookies."""

from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from newsletter.web import languages, themes
from newsletter.web.security import cookie_is_secure

switches = Blueprint("switches", __name__)

_YEAR = 365 * 24 * 60 * 60


@switches.post("/theme")
def theme() -> BaseResponse:
    """Light, dark, or as the device says."""
    return _keep(themes.COOKIE, request.form.get("theme", ""), {*themes.THEMES, ""})


@switches.post("/language")
def language() -> BaseResponse:
    """One of the languages the site speaks."""
    return _keep(languages.COOKIE, request.form.get("language", ""), set(languages.LANGUAGES))


def local_path(text: str) -> str:
    """A path of this site, or the front page: nobody is sent elsewhere by a link of ours."""
    parts = urlsplit(text)
    is_ours = text.startswith("/") and not text.startswith("//") and not parts.netloc
    return text if is_ours and "\\" not in text and text.isprintable() else url_for("pages.home")


def _keep(cookie: str, value: str, known: set[str]) -> BaseResponse:
    if value not in known:
        abort(400)
    response = redirect(local_path(request.form.get("next", "")), 303)
    if value:
        response.set_cookie(
            cookie, value, max_age=_YEAR, secure=cookie_is_secure(), httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie(cookie)
    return response
