"""One of each letter there is, with fixed ids and dates: for pictures, golden files and scores."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from newsletter.delivery.notice_facts import Alert, Facts, alert_payload
from newsletter.delivery.notice_letters import NoticePress
from newsletter.domain.identifiers import public_id_from
from newsletter.domain.links import Links, SectionLinks
from newsletter.domain.tokens import keyring_from
from newsletter.domain.verp import Inbound
from newsletter.mail.dkim.signers import Signers
from newsletter.models import Identity, Notice, Post, Publication, Section
from newsletter.publishing.files import read_post_file
from newsletter.publishing.letters import Edition, Imprint, Merger, Reader, compose_letter
from newsletter.rendering.compose import Composer

ROOT = Path(__file__).parents[2]
POSTS = sorted((ROOT / "tests" / "samples" / "posts").glob("*.md"))
NOTICES = (
    *("confirm", "welcome", "already", "section_change", "sign_in", "alert"),
    *("address_old", "address_new", "comment"),
)
NOW = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)

_KEYRING = keyring_from("a secret for samples only, as long as it needs to be")
_INBOUND = Inbound("letters", "in.example.org", _KEYRING)
_LINKS = Links("https://letters.example.org", _KEYRING, _INBOUND)
_READER = Reader("ann@example.net", "Ann", public_id_from(b"reader-a"))
_COMMENT = (
    "I ran one of these for six years, and the bell was always what broke first. What did you do about "
    "workers that came back after their lease was over, and believed that the letter was still theirs? "
    "See https://queues.example.org/a/very/long/address/that/nobody/can/break/anywhere/without/help"
)
_ALERT = Alert(
    "Paused: One of everything",
    (
        "The campaign stopped itself after 412,308 of 1,000,000 letters.",
        "7 % of the last thousand were refused.",
    ),
    "https://letters.example.org/studio/campaigns/abc",
    "See who got it",
)


def sample_letters() -> Mapping[str, bytes]:
    """The bytes of every kind of single mail, and of every sample post, by name."""
    composer = Composer([ROOT / "templates" / "email"])
    letters = {path.stem: _post(composer, path) for path in POSTS}
    return letters | {kind: _notice(composer, kind) for kind in NOTICES}


def _publication(locale: str = "en") -> Publication:
    return Publication(
        public_id=public_id_from(b"the page"),
        name="Return Path",
        sender_name="Return Path",
        sender_address="letters@example.org",
        list_domain="example.org",
        postal_address="12 Sample Street, 00000 Exampleton",
        locale=locale,
        accent="#1f5f5b",
        look={"header": "Letters about mail and the machines that carry it"},
    )


def _post(composer: Composer, path: Path) -> bytes:
    file = read_post_file(path)
    section = Section(name="How mail works", slug="mail", public_id=public_id_from(b"section!"))
    post = Post(
        public_id=public_id_from(b"the post"),
        title=file.title,
        subtitle=file.subtitle,
        slug=file.slug,
        markdown=file.markdown,
    )
    post.author = Identity(name="Mara Lindqvist")
    edition = Edition(_publication("ar" if path.stem == "rtl" else "en"), section, post)
    imprint = Imprint("campaign@example.org", "letters@example.org")
    merger = Merger(
        compose_letter(composer, _LINKS, edition), SectionLinks(_LINKS, section.public_id), imprint
    )
    return b"".join(merger.letter(_READER, NOW.timestamp()).pieces)


def _notice(composer: Composer, kind: str) -> bytes:
    payload = alert_payload(_ALERT) if kind == "alert" else {}
    notice = Notice(public_id=public_id_from(b"a notice"), kind=kind, payload=payload)
    values = {
        "action_url": f"https://letters.example.org/confirm/{'a' * 60}",
        "sections": "How mail works, Field notes",
        "address": _READER.address,
        "account_url": _LINKS.account(),
        "new_address": "ann.with.a-longer-name@mail.example.com",
        "mute_url": _LINKS.mute(public_id_from(b"reader-a"), public_id_from(b"a thread")),
        "mute_all_url": _LINKS.mute(public_id_from(b"reader-a")),
        "writer": "نور الهدى",
        "title": "What a queue remembers, and what it had better forget",
        "words": _COMMENT,
    }
    press = NoticePress(composer, _LINKS, Signers({}))
    return press.print(_publication(), notice, Facts(_READER.address, _READER.name, values), NOW)
