"""Pictures, as files that never change."""

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from newsletter.domain.errors import NotFound
from newsletter.web.context import house

media = Blueprint("media", __name__)

_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


@media.get("/media/<public_id>/<file>")
def show(public_id: str, file: str) -> BaseResponse:
    """One file of a picture. Its address says all about it, so that no row is read."""
    key = f"{public_id}/{file}"
    content = house().media.get(key)
    if content is None:
        raise NotFound("There is no picture at this address.")
    response = Response(content, mimetype=_TYPES[file.rpartition(".")[2]])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["Content-Disposition"] = "inline"
    response.set_etag(key.replace("/", "-"))
    return response.make_conditional(request)
