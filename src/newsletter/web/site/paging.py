"""Which page of a list is asked for, and how the others are linked to."""

from typing import Any
from urllib.parse import urlencode

from flask import Flask, request, url_for

from newsletter.domain.errors import NotFound
from newsletter.domain.rounding import pages_near

FILTERS = frozenset({"sort", "section", "year", "q"})
"""What else an address may say of a list; anything else in it is not ours."""

_LONGEST_NUMBER = 6


def add_to(app: Flask) -> None:
    """Give templates the addresses of this page and of the others of its list."""
    app.jinja_env.globals.update(link_to_page=link_to_page, this_page=this_page, pages_near=pages_near)


def asked_page() -> int:
    """The number in `?page=`. Raises NotFound for what is no page of any list."""
    written = request.args.get("page", "1")
    if not (written.isascii() and written.isdigit() and len(written) <= _LONGEST_NUMBER and int(written)):
        raise NotFound("Lists have pages 1, 2, 3 and so on; there is no such one.")
    return int(written)


def link_to_page(number: int) -> str:
    """The address of another page of the list that is shown."""
    others: dict[str, Any] = {name: value for name, value in request.args.items() if name in FILTERS}
    if number > 1:
        others["page"] = str(number)
    assert request.endpoint is not None
    return url_for(request.endpoint, **(request.view_args or {}), **others)


def this_list(url: str) -> str:
    """An absolute address with what this list is narrowed to, whatever its page."""
    known = {name: value for name, value in request.args.items() if name in FILTERS}
    return url + (f"?{urlencode(known)}" if known else "")


def this_page() -> str:
    """The address of what is shown, without what others have hung on it."""
    known = {name: value for name, value in request.args.items() if name in FILTERS | {"page"}}
    return request.path + (f"?{urlencode(known)}" if known else "")
