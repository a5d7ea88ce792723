"""Is it alive, and can it work?"""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from newsletter.migrations import is_current
from newsletter.web.context import house

health = Blueprint("health", __name__)


@health.get("/healthz")
def alive() -> Response:
    """The process answers."""
    return jsonify(alive=True)


@health.get("/readyz")
def ready() -> tuple[Response, int]:
    """The database answers and has the shape this version needs."""
    with house().database.reading() as session:
        session.execute(text("SELECT 1"))
    current = is_current(house().database.engine)
    return jsonify(ready=current), 200 if current else 503
