"""The books of one campaign against the record of the sink it was sent to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sqlalchemy import select

from newsletter.domain.settlement import MAX_RESENDS
from newsletter.domain.states import CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Campaign, Delivery, Identity, Subscriber
from newsletter.wiring import House
from tests.support.ledgers import assert_counts_add_up, campaign_now
from tests.support.sink import Copy


@dataclass(frozen=True)
class Findings:
    """The numbers of a campaign whose books are in order."""

    recipients: int
    copies: int
    copies_beyond_first: int
    recorded_resends: int
    uncertain: int
    lost: int

    @property
    def is_exact(self) -> bool:
        """Whether everybody got exactly one letter, and nobody had to guess."""
        return self == Findings(self.recipients, self.recipients, 0, 0, 0, 0)


class Accepting(Protocol):
    """Whoever took the letters."""

    def accepted(self) -> Sequence[Copy]: ...


class _Row(NamedTuple):
    address: str
    state: DeliveryState
    resends: int


def check(house: House, campaign_id: int, sink: Accepting) -> Findings:
    """Assert that ledger and sink tell the same story; the sink saw no other campaign.

    What the people behind the publication are told of it is no part of it.
    """
    assert_counts_add_up(house, campaign_id)
    rows, copies = _rows(house, campaign_id), _copies_by_recipient(sink)
    with house.database.reading() as session:
        for address in session.scalars(select(Identity.address)):
            copies.pop(address or "", None)
    strangers = copies.keys() - {row.address for row in rows}
    assert not strangers, strangers
    _assert_letters_belong_together(copies)
    for row in rows:
        _assert_copies_agree(row, len(copies.get(row.address, ())))
    campaign = campaign_now(house, campaign_id)
    lost = [row for row in rows if row.address not in copies and not _explains_absence(row, campaign)]
    assert not lost, lost
    return _findings(rows, copies, len(lost))


def _findings(rows: Sequence[_Row], copies: Mapping[str, Sequence[Copy]], lost: int) -> Findings:
    total = sum(map(len, copies.values()))
    return Findings(
        recipients=len(rows),
        copies=total,
        copies_beyond_first=total - len(copies),
        recorded_resends=sum(row.resends for row in rows),
        uncertain=sum(row.state is DeliveryState.UNCERTAIN for row in rows),
        lost=lost,
    )


def _rows(house: House, campaign_id: int) -> Sequence[_Row]:
    with house.database.reading() as session:
        rows = session.execute(
            select(Subscriber.address, Delivery.state, Delivery.resends)
            .join(Delivery, Delivery.subscriber_id == Subscriber.id)
            .where(Delivery.campaign_id == campaign_id)
        ).all()
    return [_Row(address or "", state, resends) for address, state, resends in rows]


def _copies_by_recipient(sink: Accepting) -> dict[str, list[Copy]]:
    copies: dict[str, list[Copy]] = defaultdict(list)
    for copy in sink.accepted():
        copies[copy.recipient].append(copy)
    return copies


def _assert_letters_belong_together(copies: Mapping[str, Sequence[Copy]]) -> None:
    """Whoever gets a letter gets their own, and a repeated one can be recognised by its Message-ID."""
    owner_of: dict[str, str] = {}
    for recipient, theirs in copies.items():
        for copy in theirs:
            assert copy.body_address == recipient, copy
            assert owner_of.setdefault(copy.message_id, recipient) == recipient, copy
        assert len({copy.message_id for copy in theirs}) == 1, theirs


def _assert_copies_agree(row: _Row, copies: int) -> None:
    """Every resend was recorded; a last try that was not accepted left no copy of its own."""
    may_be_one_more = row.state in {DeliveryState.ACCEPTED, DeliveryState.UNCERTAIN}
    assert copies <= row.resends + may_be_one_more, (row, copies)
    assert copies or row.state is not DeliveryState.ACCEPTED, row


def _explains_absence(row: _Row, campaign: Campaign) -> bool:
    match row.state:
        case DeliveryState.SKIPPED | DeliveryState.FAILED:
            return True
        case DeliveryState.UNCERTAIN:
            is_held = campaign.uncertain_policy is UncertainPolicy.HOLD or row.resends == MAX_RESENDS
            return is_held or campaign.state is not CampaignState.FINISHED
        case DeliveryState.PLANNED | DeliveryState.DEFERRED:
            return campaign.state is not CampaignState.FINISHED
    return False
