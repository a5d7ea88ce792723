"""The states things can be in, and beside them every move that is allowed."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class DeliveryState(IntEnum):
    """Where one recipient of one campaign stands. Small integers: there are millions of these rows."""

    PLANNED = 0
    SENDING = 1
    ACCEPTED = 2
    DEFERRED = 3
    FAILED = 4
    SKIPPED = 5
    UNCERTAIN = 6

    @property
    def word(self) -> str:
        """The word pages and commands show."""
        return self.name.lower()


_D = DeliveryState

DELIVERY_MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    _D.PLANNED: frozenset({_D.SENDING, _D.DEFERRED, _D.FAILED, _D.SKIPPED}),
    # Back to planned: the body never began, so nothing counts as tried.
    _D.SENDING: frozenset({_D.ACCEPTED, _D.PLANNED, _D.DEFERRED, _D.FAILED, _D.UNCERTAIN}),
    _D.DEFERRED: frozenset({_D.SENDING, _D.DEFERRED, _D.FAILED, _D.SKIPPED}),
    # A late reply settles it as if it had come in time; else the campaign's policy or a person does.
    _D.UNCERTAIN: frozenset({_D.ACCEPTED, _D.PLANNED, _D.DEFERRED, _D.FAILED, _D.SKIPPED}),
    _D.ACCEPTED: frozenset(),
    _D.FAILED: frozenset(),
    _D.SKIPPED: frozenset(),
}

FINAL_DELIVERY_STATES = frozenset(state for state, moves in DELIVERY_MOVES.items() if not moves)

DELIVERY_MOVES_BY_HAND: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    # To try again; and those who were left out by cancelling, when the campaign goes on after all.
    _D.FAILED: frozenset({_D.PLANNED}),
    _D.SKIPPED: frozenset({_D.PLANNED}),
}
"""What nobody but a person does."""


def sources_of(target: DeliveryState) -> frozenset[DeliveryState]:
    """The states from which a delivery may move to the target."""
    return frozenset(state for state, moves in DELIVERY_MOVES.items() if target in moves)


class SubscriberState(StrEnum):
    """Where a person stands with the publication as a whole."""

    PENDING = "pending"
    ACTIVE = "active"
    LEFT = "left"
    ERASED = "erased"


class SubscriptionState(StrEnum):
    """Where a subscriber stands with one section."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    ENDED = "ended"


class ConsentKind(StrEnum):
    """What a person said about being mailed."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


class PostState(StrEnum):
    """Whether readers can see a post."""

    DRAFT = "draft"
    PUBLISHED = "published"


class PostAccess(StrEnum):
    """Who may read a published post."""

    PUBLIC = "public"
    SUBSCRIBERS = "subscribers"
    UNLISTED = "unlisted"
    EMAIL_ONLY = "email_only"


class Discussing(StrEnum):
    """Who may write under a post."""

    EVERYBODY = "everybody"
    SUBSCRIBERS = "subscribers"
    NOBODY = "nobody"


class CommentState(StrEnum):
    """Whether readers can see a comment."""

    VISIBLE = "visible"
    HELD = "held"
    HIDDEN = "hidden"
    DELETED = "deleted"


_S = CommentState

COMMENT_MOVES: Mapping[CommentState, frozenset[CommentState]] = {
    # Held: the first of its writer waits for a moderator.
    _S.HELD: frozenset({_S.VISIBLE, _S.HIDDEN, _S.DELETED}),
    _S.VISIBLE: frozenset({_S.HIDDEN, _S.DELETED}),
    _S.HIDDEN: frozenset({_S.VISIBLE, _S.DELETED}),
    _S.DELETED: frozenset(),
}


class Rhythm(StrEnum):
    """How a subscriber wants letters: each by itself, or several together."""

    EACH = "each"
    DAILY = "daily"
    WEEKLY = "weekly"


class CampaignState(StrEnum):
    """Where one mailing of one post stands."""

    FREEZING = "freezing"
    SENDING = "sending"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    FINISHED = "finished"


_C = CampaignState

CAMPAIGN_MOVES: Mapping[CampaignState, frozenset[CampaignState]] = {
    _C.FREEZING: frozenset({_C.SENDING, _C.CANCELLED}),
    # To freezing: those who came since get the letter as well.
    _C.SENDING: frozenset({_C.PAUSED, _C.CANCELLED, _C.FINISHED, _C.FREEZING}),
    _C.PAUSED: frozenset({_C.SENDING, _C.CANCELLED}),
    # Before it goes on, everybody who was left out is planned again.
    _C.CANCELLED: frozenset({_C.PAUSED}),
    # A refusal that came late, after everything seemed settled, gives a reader another try.
    _C.FINISHED: frozenset({_C.SENDING, _C.FREEZING}),
}


class BatchState(StrEnum):
    """Whether a batch waits for a worker, is leased to one, or has nothing left to do."""

    READY = "ready"
    LEASED = "leased"
    DONE = "done"


CAMPAIGN_OVER = frozenset({_C.CANCELLED, _C.FINISHED})


class UncertainPolicy(StrEnum):
    """What happens to a letter nobody can know about: the worker died after the body left."""

    RESEND = "resend"
    HOLD = "hold"
