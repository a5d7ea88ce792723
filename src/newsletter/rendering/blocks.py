"""Paragraphs that are more than words: a picture with its caption, a button, a card that leads to a video."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qs

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from newsletter.rendering.urls import split_url

LETTER_WIDTH = 600
"""Pixels a letter is wide, and a picture unless its author says less."""

_NO_TITLE = frozenset({"merge_tag", "html_inline"})
_SITES = {
    "youtube.com": "YouTube",
    "youtu.be": "YouTube",
    "vimeo.com": "Vimeo",
    "dailymotion.com": "Dailymotion",
    "twitch.tv": "Twitch",
    "ted.com": "TED",
}
STILLS = "https://i.ytimg.com/vi/"
"""Where the stills of videos come from; the words of a card stand below them."""

_YOUTUBE_ID = re.compile(r"[\w-]{11}", re.ASCII)


def shape_blocks(state: StateCore) -> None:
    """Replace each paragraph that holds nothing but a picture, a button or a video by a token of its own."""
    shaped: list[Token] = []
    tokens = state.tokens
    index = 0
    while index < len(tokens):
        token = tokens[index]
        special = None
        if token.type == "paragraph_open" and not token.hidden:
            special = _special(tokens[index + 1].children or [])
        if special is None:
            shaped.append(token)
            index += 1
            continue
        special.map, special.level, special.block = token.map, token.level, True
        shaped.append(special)
        index += 3  # open, inline, close
    state.tokens = shaped


def picture_width(image: Token) -> int:
    """The width an author gave to a picture, in pixels; 0 when they gave none."""
    digits = str(image.attrs.get("width", "")).removesuffix("px")
    return min(int(digits), LETTER_WIDTH) if digits.isdecimal() and len(digits) < 6 else 0


def video_site(url: str) -> str:
    """The name of the video site an address belongs to; nothing when it is none that we know."""
    parts = split_url(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    return _SITES.get(host, "") if len(parts.path) > 1 else ""


def _special(children: Sequence[Token]) -> Token | None:
    """The token that stands for a paragraph of these parts, or None when it is a common one."""
    if len(children) == 1 and children[0].type == "image":
        return _figure(children, "")
    if len(children) < 3 or children[0].type != "link_open" or children[-1].type != "link_close":
        return None
    if any(each.type == "link_close" for each in children[:-1]):
        return None
    link, inside = children[0], children[1:-1]
    url, classes = str(link.attrs.get("href", "")), str(link.attrs.get("class", "")).split()
    if "button" in classes:
        return _token("button", inside, href=url)
    picture = inside[0] if len(inside) == 1 and inside[0].type == "image" else None
    site = video_site(url)
    if site and not any(each.type in _NO_TITLE for each in inside):
        return _card(url, site, inside, picture)
    return None if picture is None else _figure(inside, url)


def _figure(children: Sequence[Token], href: str) -> Token:
    return _token("figure", children, href=href, caption=str(children[0].attrs.get("title") or ""))


def _card(url: str, site: str, inside: Sequence[Token], picture: Token | None) -> Token:
    words = "".join(each.content for each in inside)
    bare = picture is None and words in {url, url.partition("://")[2]}
    title = "" if bare else picture.content if picture else words
    thumbnail = str(picture.attrs.get("src", "")) if picture else _thumbnail(url)
    return _token("card", [], href=url, site=site, title=title, thumbnail=thumbnail)


def _thumbnail(url: str) -> str:
    """The still of a video where its address tells it; nobody is asked."""
    parts = split_url(url)
    if video_site(url) != "YouTube":
        return ""
    named = parse_qs(parts.query).get("v", [""])[0]
    found = _YOUTUBE_ID.fullmatch(named or parts.path.rsplit("/", 1)[-1])
    return f"{STILLS}{found.group()}/hqdefault.jpg" if found else ""


def _token(kind: str, children: Sequence[Token], **meta: str) -> Token:
    return Token(kind, "", 0, children=list(children), meta=dict(meta))
