"""A real post of several thousand words, with code, tables, images and links, arrives readable."""

import html
import re
from itertools import pairwise
from pathlib import Path

import pytest
from markdown_it.token import Token

from newsletter.delivery.freezing import freeze_audience
from newsletter.publishing.files import read_post_file
from newsletter.rendering.markdown import parse_markdown
from newsletter.wiring import House
from tests.support.factories import make_campaign
from tests.support.relay import Accepted, Relay

FILE = Path(__file__).parent.parent / "samples" / "long-letter.md"
CLIP = 102_000  # Gmail cuts HTML that is longer


@pytest.fixture
def letter(mailing_house: House, relay: Relay) -> Accepted:
    campaign = make_campaign(mailing_house, readers=1, markdown=read_post_file(FILE).markdown)
    freeze_audience(mailing_house.database, mailing_house.bell, campaign.id, 10)
    sender = mailing_house.sender()
    sender.send_due("a worker", lambda: False, lambda: None)
    sender.close()
    return relay.accepted[0]


def tokens(kind: str) -> list[Token]:
    return [token for token in parse_markdown(read_post_file(FILE).markdown) if token.type == kind]


def links() -> set[str]:
    found = set()
    for token in tokens("inline"):
        for child in token.children or []:
            target = child.attrs.get("href") or child.attrs.get("src")
            if target:
                found.add(str(target))
    return found


def bare(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def test_the_sample_is_a_real_one() -> None:
    assert len(read_post_file(FILE).markdown.split()) > 3000
    assert len(tokens("fence")) >= 6
    assert len(tokens("table_open")) >= 3
    assert len(links()) >= 20


def test_code_arrives_byte_for_byte_in_both_parts(letter: Accepted) -> None:
    shown = [bare(block) for block in re.findall(r"<pre[^>]*>(.*?)</pre>", letter.html, flags=re.DOTALL)]

    for token in tokens("fence"):
        assert token.content.strip("\n") in {block.strip("\n") for block in shown}
        for line in token.content.splitlines():
            assert line.rstrip() in letter.text


def test_every_link_and_image_is_in_both_parts_and_absolute(letter: Accepted) -> None:
    targets = set(re.findall(r'(?:href|src)="([^"]+)"', letter.html))

    assert all(re.match(r"https?://|mailto:", target) for target in targets)
    for link in links():
        assert html.escape(link) in targets
        assert link in letter.text


def test_every_heading_and_table_cell_is_in_both_parts(letter: Accepted) -> None:
    shown = " ".join(bare(letter.html).split())
    parsed = parse_markdown(read_post_file(FILE).markdown)

    for before, token in pairwise(parsed):
        if before.type in {"heading_open", "th_open", "td_open"}:
            words = "".join(
                child.content for child in token.children or [] if child.type in {"text", "code_inline"}
            )
            assert " ".join(words.split()) in shown, words
            assert all(word in letter.text for word in words.split()), words


def test_it_stays_below_the_length_at_which_mail_programs_cut(letter: Accepted) -> None:
    assert len(letter.html.encode()) < CLIP


def test_no_line_on_the_wire_is_too_long(letter: Accepted) -> None:
    assert max(len(line) for line in letter.raw.split(b"\r\n")) <= 998
    assert b"\n" not in letter.raw.replace(b"\r\n", b"")
