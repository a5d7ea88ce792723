"""What readers see: a whole HTML page, nothing left open, and a way out in both parts."""

import re
from collections.abc import Iterator
from html import unescape

from newsletter.mail.lint.encoded_words import said_by
from newsletter.mail.lint.flaws import Rule, Spot, sayable
from newsletter.mail.lint.messages import Message
from newsletter.mail.lint.unsubscribing import unsubscribe_link, unsubscribe_trouble

_DOCTYPE = "<!DOCTYPE html>"
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TITLE = re.compile(r"<title[^<>]*>([^<]*)</title", re.IGNORECASE)
_ROOT = re.compile(r"<html\s[^<>]*>", re.IGNORECASE)
_LANG = re.compile(r"\slang=[\"']?[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*[\"'\s>]", re.IGNORECASE)
_DIR = re.compile(r"\sdir=[\"']?(?:ltr|rtl|auto)[\"'\s>]", re.IGNORECASE)
_CHARSET = re.compile(r"<meta\s[^<>]*charset=[\"']?utf-8[\"'\s/>]", re.IGNORECASE)
_LEFT_OPEN = re.compile(r"hole[0-9a-f]{16}x[0-9]+x")


def _doctype(message: Message) -> Iterator[Spot]:
    if message.html and not message.html.text.startswith(_DOCTYPE):
        yield Spot(message.html.first, f"The HTML does not begin with {_DOCTYPE}.")


def _title(message: Message) -> Iterator[Spot]:
    if message.html:
        title = _TITLE.search(message.html.text)
        if title is None or not _unescaped(title.group(1)).strip():
            yield Spot(message.html.first, "The HTML has no title, or an empty one.")


def _language(message: Message) -> Iterator[Spot]:
    if message.html:
        found = _ROOT.search(message.html.text)
        root = found.group() if found else ""
        for name, pattern in (("lang", _LANG), ("dir", _DIR)):
            if not pattern.search(root):
                yield Spot(message.html.first, f"The element html has no {name}, or none that can be read.")


def _charset(message: Message) -> Iterator[Spot]:
    if message.html and not _CHARSET.search(message.html.text):
        yield Spot(message.html.first, "The HTML has no meta element that says utf-8.")


def _left_open(message: Message) -> Iterator[Spot]:
    for field in message.fields:
        if any(_LEFT_OPEN.search(text) for text in (field.value, *said_by(field))):
            yield Spot(field.line, f"{sayable(field.name, 'A header')} holds a place that nothing filled.")
    for leaf in message.leaves:
        if _LEFT_OPEN.search(leaf.text):
            yield Spot(leaf.first, "A part holds a place that nothing filled.")


def _way_out(message: Message) -> Iterator[Spot]:
    field = message.whole.one("List-Unsubscribe")
    if field is None or unsubscribe_trouble(field.value):
        return
    wanted = _beginning(unsubscribe_link(field.value))
    if message.plain and wanted not in message.plain.text:
        yield Spot(message.plain.first, "The text part has no link to unsubscribe.")
    if message.html and not _links_to(wanted, message.html.text):
        yield Spot(message.html.first, "The HTML part has no link to unsubscribe.")


def _beginning(link: str) -> str:
    """A link up to its token, so that another token will do; all of it where nothing else is its own."""
    page, mark, _query = link.partition("?")
    if mark:
        return f"{page}?"
    folder, slash, _token = page.rpartition("/")
    return f"{folder}{slash}" if folder.count("/") > len("//") else link


def _links_to(beginning: str, html: str) -> bool:
    text = _unescaped(_COMMENT.sub("", html))
    return re.search(rf"\shref=[\"']?{re.escape(beginning)}", text, re.IGNORECASE) is not None


def _unescaped(html: str) -> str:
    try:
        return unescape(html)
    except ValueError:  # a character reference of thousands of digits
        return html


CONTENT_RULES = (
    Rule("html-doctype", _doctype),
    Rule("html-title", _title),
    Rule("html-language", _language),
    Rule("html-charset", _charset),
    Rule("left-open", _left_open),
    Rule("way-out", _way_out),
)
