"""Mails of discussions and of changes of address: right words, to those who want them, in clean bytes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from newsletter.accounts.moving import ask_to_move
from newsletter.delivery.notice_facts import Facts, facts_of
from newsletter.delivery.notice_letters import NoticePress
from newsletter.discussion.telling import mute, mute_all
from newsletter.domain.addresses import parse_address
from newsletter.domain.identifiers import public_id_from
from newsletter.domain.states import CommentState, DeliveryState, PostState
from newsletter.mail.dkim.key_folder import write_key
from newsletter.mail.dkim.keys import KeyKind, new_key
from newsletter.mail.dkim.signers import Signers
from newsletter.mail.lint import lint
from newsletter.models import AddressChange, Comment, Identity, Notice, Post
from newsletter.rendering.compose import Composer, Letter
from newsletter.rendering.markers import Markers
from newsletter.wiring import House
from tests.mail.dkim_receiver import verdicts
from tests.support.discussions import make_comment, make_reader
from tests.support.factories import NOW, make_author, make_post, make_publication, make_section
from tests.support.relay import Accepted, Relay

INJECTION = "Ann\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>"
SAID = "Yes, **but** see [this](https://example.org)."


@dataclass(frozen=True)
class Talk:
    """A post, somebody who wrote below it, and somebody who answered; each is to be told of the other."""

    house: House
    ben: Identity
    cleo: Identity
    first: Comment
    answer: Comment

    def change(self, of: type, **values: object) -> None:
        with self.house.database.writing() as session:
            session.execute(update(of).values(**values))

    def facts(self, to: Identity, about: Comment) -> Facts | None:
        return self.facts_for(to, "comment", {"comment": about.public_id})

    def facts_for(self, to: Identity, kind: str, payload: dict[str, str]) -> Facts | None:
        notice = Notice(kind=kind, identity_id=to.id, payload=payload)
        with self.house.database.reading() as session:
            return facts_of(session, self.house.links, notice, self.house.now())


@pytest.fixture
def talk(mailing_house: House) -> Talk:
    house = mailing_house
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication)
        author = make_author(session, publication)
        author.confirmed_at = NOW
        post = make_post(session, section, author, title="What a queue remembers", published=True)
        ben = make_reader(session, publication, "ben@example.org", "Ben")
        cleo = make_reader(session, publication, "cleo@example.org", "Cleo")
        first = make_comment(session, house, post, ben)
        answer = make_comment(session, house, post, cleo, markdown=SAID, parent=first)
    return Talk(house, ben, cleo, first, answer)


def send(house: House) -> None:
    sender = house.sender()
    sender.send_notices(lambda: False)
    sender.close()


def only(mails: Sequence[Accepted]) -> Accepted:
    (mail,) = mails
    return mail


def test_an_answer_is_mailed_with_its_words_and_three_ways_on(talk: Talk, relay: Relay) -> None:
    send(talk.house)

    mail, links = only(relay.to("ben@example.org")), talk.house.links
    assert mail.message["Subject"] == "Cleo answered in “What a queue remembers”"
    for body in (mail.text, mail.html):
        assert "Yes, but see this." in body
        assert links.comment("what-a-queue-remembers", talk.answer.public_id) in body
        assert links.mute(talk.ben.public_id, talk.first.public_id) in body
        assert links.mute(talk.ben.public_id) in body
    assert "you take part in the discussion" in mail.text
    assert relay.flaws == []


def test_the_author_of_the_post_is_told_in_other_words(talk: Talk, relay: Relay) -> None:
    send(talk.house)

    first, second = relay.to("mara@example.org")
    assert first.message["Subject"] == "Ben commented on “What a queue remembers”"
    assert second.message["Subject"] == "Cleo commented on “What a queue remembers”"
    assert "you wrote the post" in first.text
    assert str(first.message["List-Unsubscribe"]) == str(second.message["List-Unsubscribe"])


def test_mail_programs_can_end_mail_about_the_thread(talk: Talk, relay: Relay) -> None:
    send(talk.house)

    mail = only(relay.to("ben@example.org"))
    assert mail.unsubscribe_url == talk.house.links.mute(talk.ben.public_id, talk.first.public_id)
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert str(mail.message["List-Id"]).startswith('"Return Path: discussion" <discussion.')
    assert mail.message["Auto-Submitted"] == "auto-generated"


def test_a_signature_covers_the_way_out(talk: Talk, relay: Relay) -> None:
    key = new_key("example.org", "n1", KeyKind.RSA)
    write_key(talk.house.settings.dkim_folder, key)
    send(talk.house)

    mail = only(relay.to("ben@example.org"))
    assert verdicts(mail.raw, [key]) == [True]
    assert relay.flaws == []


def _hide(talk: Talk) -> None:
    talk.change(Comment, state=CommentState.HIDDEN)


def _delete(talk: Talk) -> None:
    talk.change(Comment, state=CommentState.DELETED, markdown="", html="")


def _take_back_the_post(talk: Talk) -> None:
    talk.change(Post, state=PostState.DRAFT)


def _erase_the_reader(talk: Talk) -> None:
    with talk.house.database.writing() as session:
        gone = update(Identity).where(Identity.id == talk.ben.id)
        session.execute(gone.values(erased_at=NOW, address=None, address_key="erased"))


def _mute_the_thread(talk: Talk) -> None:
    with talk.house.database.writing() as session:
        mute(session, talk.ben, talk.answer, NOW)


def _mute_all(talk: Talk) -> None:
    with talk.house.database.writing() as session:
        mute_all(session, talk.ben)


def _remove_the_comment(talk: Talk) -> None:
    with talk.house.database.writing() as session:
        session.execute(delete(Comment).where(Comment.id == talk.answer.id))


@pytest.mark.parametrize(
    "meanwhile",
    [
        *(_hide, _delete, _take_back_the_post, _erase_the_reader),
        *(_mute_the_thread, _mute_all, _remove_the_comment),
    ],
    ids=lambda each: each.__name__,
)
def test_what_has_lost_its_reason_meanwhile_is_not_sent(
    talk: Talk, relay: Relay, meanwhile: Callable[[Talk], None]
) -> None:
    assert talk.facts(talk.ben, talk.answer) is not None
    meanwhile(talk)

    send(talk.house)

    assert relay.to("ben@example.org") == []
    with talk.house.database.reading() as session:
        of_ben = select(Notice.state).where(Notice.identity_id == talk.ben.id)
        assert session.scalars(of_ben).all() == [DeliveryState.SKIPPED]


def test_nobody_is_told_of_their_own_comment(talk: Talk) -> None:
    assert talk.facts(talk.cleo, talk.answer) is None


def test_a_muted_thread_says_nothing_of_another(talk: Talk) -> None:
    with talk.house.database.writing() as session:
        post = session.scalars(select(Post)).one()
        other = make_comment(session, talk.house, post, talk.cleo)
    _mute_the_thread(talk)

    assert talk.facts(talk.ben, talk.answer) is None
    assert talk.facts(talk.ben, other) is not None


def test_a_reader_without_a_name_is_called_a_reader(talk: Talk) -> None:
    talk.change(Identity, name="")

    facts = talk.facts(talk.ben, talk.answer)
    assert facts is not None
    assert facts.values["writer"] == "A reader"


def test_a_long_comment_is_cut_between_words(talk: Talk) -> None:
    talk.change(Comment, html=f"<p>{'long words ' * 1000}</p>")

    facts = talk.facts(talk.ben, talk.answer)
    assert facts is not None
    assert facts.values["words"].endswith(("long…", "words…"))
    assert 580 < len(facts.values["words"]) <= 601


HOSTILE = {
    "arabic": "نور الهدى قالت «نعم» 💌",
    "tags": '<b onclick="x">& \'quotes\' "more" </td></table>',
    "templates": "{{ 7 * 7 }} {% for x in y %} {{ name | there }}",
    "long": "w" * 600,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 30,
    "injection": INJECTION,
    "directions": "abc\u202egnp.exe\u2066x\u2069\u2028y",
    "dots": ".\r\n.\r\nQUIT",
    "zalgo": "Z" + "\u0300\u0301\u0302" * 60,
    "empty": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("kind", ["comment", "address_old", "address_new"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("as_author", [False, True])
def test_whatever_people_call_themselves_and_say_the_letter_is_clean(
    house: House, kind: str, text: str, as_author: bool
) -> None:
    raw = printed(house, kind, text, as_author=as_author)

    assert lint(raw) == []
    mail = Accepted("", "", raw)
    assert mail.message["Bcc"] is None
    assert "<script" not in mail.html
    assert " onclick" not in re.sub(r"&lt;.*?&gt;", "", mail.html)
    assert "49" not in str(mail.message["Subject"])
    assert not mail.message.defects


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_words_are_shown_as_they_were_typed_and_never_carried_out(house: House) -> None:
    text = HOSTILE["templates"] + " hole0123456789abcdefx0x"

    mail = Accepted("", "", printed(house, "comment", text))

    assert text in mail.text
    assert text in mail.html
    assert str(mail.message["Subject"]).startswith(text)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_name_with_tags_is_escaped_in_the_title_too(house: House) -> None:
    mail = Accepted("", "", printed(house, "comment", '</title><b>Ann & "Bo"'))

    assert "<title>&lt;/title&gt;&lt;b&gt;Ann &amp; &quot;Bo&quot; answered in" in mail.html
    assert mail.html.count("</title>") == 1
    assert str(mail.message["Subject"]).startswith('</title><b>Ann & "Bo" answered in')


class Counting(Composer):
    """Remembers what it had to render."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(folders)
        self.rendered: list[str] = []

    def compose(self, kind: str, context: Mapping[str, Any], markers: Markers) -> Letter:
        self.rendered.append(kind)
        return super().compose(kind, context, markers)


def printed(
    house: House, kind: str, text: str, *, as_author: bool = False, press: NoticePress | None = None
) -> bytes:
    links, notice = house.links, Notice(kind=kind, public_id=public_id_from(b"a notice"))
    values: Mapping[str, str] = {
        "action_url": links.home(),
        "sections": "",
        "address": "zoë@example.net",
        "account_url": links.account(),
        "new_address": text,
        "mute_url": links.mute(notice.public_id, notice.public_id),
        "mute_all_url": links.mute(notice.public_id),
        **dict.fromkeys(("writer", "title", "words"), text),
    }
    with house.database.writing() as session:
        publication = make_publication(session, name="Zoës Blatt", locale="ar")
    return (press or house.press).print(
        publication, notice, Facts("zoë@example.net", text, values, as_author), NOW
    )


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_kind_is_rendered_once_for_each_of_its_two_wordings(house: House) -> None:
    composer = Counting([Path("templates/email")])
    press = NoticePress(composer, house.links, Signers({}))

    for text in ("Ann", "Bo", "Cy"):
        for as_author in (False, True):
            printed(house, "comment", text, as_author=as_author, press=press)

    assert composer.rendered == ["comment", "comment"]


@pytest.fixture
def moving(talk: Talk) -> AddressChange:
    """Ben asked to move, and no other mail waits."""
    with talk.house.database.writing() as session:
        session.execute(delete(Notice))
        ben = session.get_one(Identity, talk.ben.id)
        address = parse_address("ben@new.example.net")
        return ask_to_move(session, talk.house.bell, ben, address, talk.house.now())


def test_both_addresses_are_asked_each_by_a_link_of_its_own(
    talk: Talk, relay: Relay, moving: AddressChange
) -> None:
    send(talk.house)

    old, new = only(relay.to("ben@example.org")), only(relay.to("ben@new.example.net"))
    opened = [
        talk.house.links.open_address_change(each.link("address").rpartition("/")[2], talk.house.now())
        for each in (old, new)
    ]
    assert opened == [(moving.public_id, False), (moving.public_id, True)]
    assert "ben@new.example.net" in old.text
    assert "If it was not you" in old.text
    assert talk.house.links.account() in old.text
    assert relay.flaws == []


def test_the_new_address_learns_neither_a_name_nor_the_old_address(
    talk: Talk, relay: Relay, moving: AddressChange
) -> None:
    send(talk.house)

    raw = only(relay.to("ben@new.example.net"))
    assert str(raw.message["To"]) == "ben@new.example.net"
    assert "ben@example.org" not in raw.text + raw.html
    assert not re.search(r"\bBen\b", raw.text + raw.html)


@pytest.mark.parametrize("kind", ["address_old", "address_new"])
@pytest.mark.parametrize(
    "meanwhile",
    [
        {"done_at": NOW},
        {"expires_at": NOW - timedelta(days=9000)},
        {"old_agreed_at": NOW, "new_agreed_at": NOW},
    ],
    ids=["done", "given up", "agreed"],
)
def test_a_change_that_is_over_or_agreed_to_is_not_asked_for(
    talk: Talk, moving: AddressChange, kind: str, meanwhile: dict[str, object]
) -> None:
    talk.change(AddressChange, **meanwhile)

    assert talk.facts_for(talk.ben, kind, {"change": moving.public_id}) is None


@pytest.mark.parametrize("kind", ["address_old", "address_new"])
def test_the_yes_of_the_other_side_changes_nothing(talk: Talk, moving: AddressChange, kind: str) -> None:
    other = "new_agreed_at" if kind == "address_old" else "old_agreed_at"
    talk.change(AddressChange, **{other: NOW})

    assert talk.facts_for(talk.ben, kind, {"change": moving.public_id}) is not None
