"""A feed as JSON Feed 1.1."""

import json
from collections.abc import Mapping
from typing import Any

from newsletter.web.machines.feed import Feed, Item
from newsletter.web.machines.site import Writer, timestamp

_VERSION = "https://jsonfeed.org/version/1.1"


def write_json(feed: Feed, own_url: str) -> str:
    """The whole feed; what is empty is left out."""
    publication, channel = feed.site.publication, feed.channel
    head = {
        "version": _VERSION,
        "title": channel.title,
        "home_page_url": channel.page_url,
        "feed_url": own_url,
        "description": channel.about,
        "icon": feed.site.logo,
        "favicon": feed.site.links.file("/icon.svg"),
        "authors": [_author(channel.writer)],
        "language": publication.locale,
    }
    return json.dumps(_told(head) | {"items": [_item(item) for item in feed.items]}, ensure_ascii=False)


def _item(item: Item) -> Mapping[str, Any]:
    return _told(
        {
            "id": item.id,
            "url": item.url,
            "title": item.title,
            "content_html": item.html,
            "summary": item.summary,
            "image": item.cover.url if item.cover else "",
            "date_published": timestamp(item.published_at),
            "date_modified": timestamp(item.changed_at),
            "authors": [_author(item.writer)],
            "tags": [item.section.name],
        }
    )


def _author(writer: Writer) -> Mapping[str, Any]:
    return _told({"name": writer.name, "url": writer.url})


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
