"""The languages the site speaks: which one a reader gets, and its words, dates and numbers."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_timedelta
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import NullTranslations, Translations
from flask import Flask, g, has_request_context, request
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from newsletter.domain.directions import direction_of
from newsletter.domain.errors import NewsletterError

LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "ar": "العربية"}
"""Every language with its own name for itself; the first one is what the texts are written in."""

COOKIE = "language"
_FOLDER = Path(__file__).parent / "translations"
_FOR_A_WEEK = timedelta(days=7)
_UNITS = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1))


def add_to(app: Flask) -> None:
    """Give templates the words, dates and numbers of the reader's language."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    install: Any = app.jinja_env.install_gettext_callables  # type: ignore[attr-defined]
    install(gettext, ngettext, newstyle=True)
    app.jinja_env.globals.update(
        language=language,
        direction=direction,
        direction_of=direction_of,
        language_names=LANGUAGES,
        year_of=year_of,
    )
    app.jinja_env.filters.update(day=day, minute=minute, ago=ago, count=count, percent=percent, listed=listed)


@lru_cache(maxsize=1000)
def wanted_language(cookie: str, accepted: str) -> str:
    """The language of a reader: what they chose, else what their browser asks for; `""` if neither."""
    if cookie in LANGUAGES:
        return cookie
    if not accepted:
        return ""
    return parse_accept_header(accepted[:500], LanguageAccept).best_match(list(LANGUAGES)) or ""


def speak(locale: str) -> None:
    """Answer this request in its reader's language, else in the publication's own."""
    own = locale.split("-", maxsplit=1)[0].lower()
    g.language = _asked() or (own if own in LANGUAGES else "en")
    # Dates of a British publication are British where English is read.
    g.locale = locale if own == g.language else g.language


def language() -> str:
    """The language of this request."""
    if not has_request_context():
        return "en"
    if "language" not in g:  # no publication is at hand, as when something went wrong
        g.language = "en" if request.path.startswith("/studio/") else _asked() or "en"
    return str(g.language)


def direction(code: str = "") -> str:
    """The direction a language is written in, `ltr` or `rtl`."""
    return str(_parse(code or language()).text_direction)


def gettext(words: str, **values: object) -> str:
    """A sentence in the reader's language."""
    translated = _translations(language()).ugettext(words)
    return translated % values if values else translated


def ngettext(one: str, many: str, number: int, **values: object) -> str:
    """A sentence about a number of things, in the reader's language."""
    translated = _translations(language()).ungettext(one, many, number)
    return translated % values if values else translated


def said(error: NewsletterError) -> str:
    """What an error says, in the reader's language."""
    sentence = gettext(error.sentence)
    return sentence.format(**error.values) if error.values else sentence


def day(moment: datetime, time_zone: str) -> str:
    """A date as people write it."""
    return format_date(moment.astimezone(_zone(time_zone)), "long", locale=_locale())


def year_of(moment: datetime, time_zone: str) -> int:
    """The year by the publication's clock."""
    return moment.astimezone(_zone(time_zone)).year


def minute(moment: datetime, time_zone: str) -> str:
    """A date with its time and zone."""
    local = moment.astimezone(_zone(time_zone))
    return format_datetime(local, f"{_locale().date_formats['long'].pattern}, HH:mm zzz", locale=_locale())


def ago(moment: datetime, now: datetime, time_zone: str) -> str:
    """How long ago it was, within a week; else the date. The page is good until it would say otherwise."""
    until = ago_until(moment, now)
    if until is None:
        return day(moment, time_zone)
    if has_request_context():
        g.good_until = min(until, g.get("good_until") or until)
    unit = _unit(now - moment)
    if unit is None:
        return gettext("just now")
    whole = (now - moment) // unit * unit
    return format_timedelta(-whole, granularity="minute", threshold=1, add_direction=True, locale=_locale())


def ago_until(moment: datetime, now: datetime) -> datetime | None:
    """When `ago` will say something else; None when it never will."""
    passed = now - moment
    if passed >= _FOR_A_WEEK:
        return None
    unit = _unit(passed)
    return moment + (timedelta(minutes=1) if unit is None else (passed // unit + 1) * unit)


def _unit(passed: timedelta) -> timedelta | None:
    """In what it is counted; None for less than a minute, also when a clock is behind."""
    return next((unit for unit in _UNITS if passed >= unit), None)


def listed(names: Iterable[str]) -> str:
    """Names one after another, parted as the language parts them."""
    return format_list([*names], style="unit", locale=_locale())


def count(number: int) -> str:
    """A number with separators."""
    return format_decimal(number, locale=_locale())


def percent(part: int, whole: int) -> str:
    """A share, rounded down, so that 100 % means all."""
    return format_percent((part * 100 // whole if whole else 100) / 100, locale=_locale())


def _asked() -> str:
    return wanted_language(request.cookies.get(COOKIE, ""), request.headers.get("Accept-Language", ""))


def _locale() -> Locale:
    return _parse(str(g.get("locale", language())) if has_request_context() else "en")


@cache
def _parse(code: str) -> Locale:
    try:
        return Locale.parse(code, sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en")


@cache  # read once a process: catalogues never change while it runs
def _translations(code: str) -> NullTranslations:
    path = _FOLDER / f"{code}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Translations(compiled)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
