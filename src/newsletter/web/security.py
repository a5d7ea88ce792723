"""What holds for every request: who may post here, how much, and what a browser may do with the answer.

A form is accepted from our own pages only: browsers say where a request comes from (Sec-Fetch-Site, else
Origin), and what somebody does who is signed in must also carry a token bound to the session. Three addresses
anybody may post to: one-click unsubscribe and its like for discussions (RFC 8058), whose tokens are their
authority, and the one that other sites' subscribe forms lead to, which changes nothing.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from newsletter.web.context import SESSION_COOKIE, house
from newsletter.web.languages import gettext

PUBLIC_BODY = 64 * 1024
COMMENT_BODY = 160 * 1024  # ten thousand characters take up to twelve bytes each in a form
STUDIO_BODY = 4 * 1024 * 1024
PICTURES_BODY = 20 * 1024 * 1024

_BODIES = {
    "account.picture": PICTURES_BODY,
    "discussion": COMMENT_BODY,
    "posts": STUDIO_BODY,
    "preview": STUDIO_BODY,
    "free_pages": STUDIO_BODY,
    "pictures": PICTURES_BODY,
    "placing": PICTURES_BODY,
}

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_WITH_TOKEN = {"account", "discussion", "signing_in.leave"}
_FROM_ANYWHERE = {"leaving.leave", "muting.stop", "embedding.from_elsewhere"}
_IN_FRAMES_ANYWHERE = {"embedding.embed"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)


def protect(app: Flask) -> None:
    """Check every request and mark every answer."""
    app.before_request(_refuse_nul)
    app.before_request(_limit_body)
    app.before_request(_check_origin)
    app.before_request(_check_form_token)
    app.after_request(_add_headers)
    app.jinja_env.globals["form_token"] = form_token


def form_token() -> str:
    """The token of forms of somebody who is signed in, bound to their session."""
    secret = request.cookies.get(SESSION_COOKIE, "")
    key = house().keyring.keys[house().keyring.current]
    return hmac.new(key, b"form\0" + secret.encode(), hashlib.sha256).hexdigest()


def cookie_is_secure() -> bool:
    """Whether cookies may travel over https only."""
    return house().settings.site_url.startswith("https://")


def _refuse_nul() -> None:
    """No address of ours holds NUL, and PostgreSQL cannot even look for one."""
    if "\0" in request.path:
        abort(404)


def _limit_body() -> None:
    signed_in = SESSION_COOKIE in request.cookies
    room = _BODIES.get(request.endpoint or "") or _BODIES.get(request.blueprint or "", PUBLIC_BODY)
    request.max_content_length = room if signed_in else PUBLIC_BODY


def _check_origin() -> None:
    if request.method in _SAFE_METHODS or request.endpoint in _FROM_ANYWHERE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        trusted = site in {"same-origin", "none"}
    else:
        origin = request.headers.get("Origin")
        trusted = origin is None or urlsplit(origin).netloc == request.host
    if not trusted:
        abort(403, gettext("This form was sent from another site. Please open it here and send it again."))


def _check_form_token() -> None:
    if request.method in _SAFE_METHODS or SESSION_COOKIE not in request.cookies:
        return
    if request.path.startswith("/studio/") or {request.blueprint, request.endpoint} & _WITH_TOKEN:
        given = request.form.get("form_token", "")
        if not hmac.compare_digest(given.encode(), form_token().encode()):
            abort(403, gettext("This form is too old. Please go back, reload the page and send it again."))


def _add_headers(response: Response) -> Response:
    headers = response.headers
    policy = _POLICY
    if request.endpoint in _IN_FRAMES_ANYWHERE:
        policy = policy.replace("frame-ancestors 'none'", "frame-ancestors *")
    headers.setdefault("Content-Security-Policy", policy)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if cookie_is_secure():
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    personal = "token" in (request.view_args or {})
    if personal or SESSION_COOKIE in request.cookies or request.path.startswith("/studio/"):
        headers.setdefault("Cache-Control", "no-store")
    return response
