"""The letter that shows whether a relay really sends."""

from datetime import datetime

from newsletter.delivery.notice_facts import Alert, alert_payload
from newsletter.delivery.notice_letters import NoticePress
from newsletter.domain.addresses import Address
from newsletter.domain.identifiers import new_public_id
from newsletter.mail.envelope import Envelope
from newsletter.models import Notice, Publication


def letter_to_try(
    press: NoticePress, publication: Publication, relay: str, to: Address, now: datetime
) -> tuple[Envelope, bytes]:
    """A letter that says over which relay it came."""
    alert = Alert(
        f"A letter over the relay {relay}",
        ("If you can read this, the relay takes our letters and hands them on.",),
    )
    notice = Notice(public_id=new_public_id(), kind="alert", payload=alert_payload(alert))
    message = press.print(publication, notice, press.facts_for(to.wire), now)
    return Envelope(publication.sender_address, to.wire, len(message)), message
