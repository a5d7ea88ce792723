"""Single mails as bytes: confirmations, sign-in links, news of a discussion."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from newsletter.delivery.notice_facts import Facts, nothing_but
from newsletter.domain.holes import Hole, HoleKind, Piece
from newsletter.domain.links import Links
from newsletter.mail.dkim.signers import Signers
from newsletter.mail.message import (
    Mailbox,
    discussion_headers,
    list_unsubscribe,
    notice_headers,
    reader_headers,
    subject_line,
)
from newsletter.models import Notice, Publication
from newsletter.publishing.looks import letter_frame
from newsletter.rendering.compose import Composer
from newsletter.rendering.markers import Markers
from newsletter.rendering.plan import Plan, compile_plan

_HOLES = ("action_url", "sections", "address", "name")
_MORE_HOLES: Mapping[str, Sequence[str]] = {
    "address_old": ("account_url", "new_address"),
    "comment": ("mute_url", "mute_all_url", "writer", "title", "words"),
}


class _Form(NamedTuple):
    """A kind of mail, rendered and inlined once."""

    subject: Sequence[str | Hole]
    plan: Plan


class NoticePress:
    """Prints notices; each kind's template is rendered and inlined once, then merged."""

    def __init__(self, composer: Composer, links: Links, signers: Signers) -> None:
        self._composer = composer
        self._links = links
        self._signers = signers
        self._forms: dict[tuple[str | bool, ...], _Form] = {}

    def print(self, publication: Publication, notice: Notice, facts: Facts, now: datetime) -> bytes:
        """The bytes of one notice; printing it again gives the same Message-ID."""
        message_id = f"{notice.public_id}.n.{publication.public_id}@{publication.list_domain}"
        form = self._form(publication, notice, as_author=facts.as_author)
        values = {**facts.values, "name": facts.name}
        subject = "".join(values[each.name] if isinstance(each, Hole) else each for each in form.subject)
        headers = {
            **reader_headers(Mailbox(facts.name, facts.address), message_id, now),
            "subject": subject_line(subject),
        }
        if "mute_url" in values:
            headers["list_unsubscribe"] = list_unsubscribe(values["mute_url"])
        message = form.plan.merge({**values, **headers})
        signer = self._signers.of(publication.sender_address)
        return message if signer is None else signer.sign([message], int(now.timestamp())) + message

    def facts_for(self, address: str) -> Facts:
        """What a letter to somebody we know nothing of needs."""
        return Facts(address, "", nothing_but(address))

    def _form(self, publication: Publication, notice: Notice, *, as_author: bool) -> _Form:
        kind = notice.kind
        if kind == "alert":  # each says something else
            return self._compile(publication, kind, alert=notice.payload)
        key = (
            kind,
            as_author,
            publication.name,
            publication.sender_name,
            publication.sender_address,
            publication.accent,
            json.dumps(publication.look, sort_keys=True),
            publication.postal_address,
            publication.locale,
        )
        if key not in self._forms:
            self._forms[key] = self._compile(publication, kind, as_author=as_author)
        return self._forms[key]

    def _compile(self, publication: Publication, kind: str, **more: object) -> _Form:
        markers = Markers()
        context = {
            **letter_frame(publication, self._links),
            "html": _holes(markers, kind, HoleKind.HTML),
            "text": _holes(markers, kind, HoleKind.TEXT),
            **more,
        }
        letter = self._composer.compose(kind, context, markers)
        return _Form(markers.split(letter.subject), compile_plan(_headers(publication, kind), letter))


def _headers(publication: Publication, kind: str) -> Sequence[Piece]:
    sender = Mailbox(publication.sender_name, publication.sender_address)
    if kind != "comment":
        return notice_headers(sender)
    list_id = f"discussion.{publication.public_id}.{publication.list_domain}"
    return discussion_headers(sender, f"{publication.name}: discussion", list_id)


def _holes(markers: Markers, of_kind: str, kind: HoleKind) -> Mapping[str, str]:
    names = (*_HOLES, *_MORE_HOLES.get(of_kind, ()))
    return {name: markers.mark(Hole(name, kind)) for name in names}
