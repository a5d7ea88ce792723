"""How dates and numbers read on a page."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import Flask


def add_to(app: Flask) -> None:
    """Give templates the filters of this file."""
    app.jinja_env.filters["day"] = day
    app.jinja_env.filters["minute"] = minute
    app.jinja_env.filters["count"] = count
    app.jinja_env.filters["percent"] = percent


def day(moment: datetime, time_zone: str) -> str:
    """A date as people write it."""
    local = moment.astimezone(_zone(time_zone))
    return f"{local.day} {local:%B %Y}"


def minute(moment: datetime, time_zone: str) -> str:
    """A date with its time and zone."""
    local = moment.astimezone(_zone(time_zone))
    return f"{local.day} {local:%B %Y, %H:%M} {local.tzname()}"


def count(number: int, one: str = "", many: str = "") -> str:
    """A number with separators, and its noun if one is given."""
    noun = (one if number == 1 else many or f"{one}s") if one else ""
    return f"{number:,} {noun}".rstrip()


def percent(part: int, whole: int) -> str:
    """A share, rounded down, so that 100 % means all."""
    return f"{part * 100 // whole if whole else 100} %"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
