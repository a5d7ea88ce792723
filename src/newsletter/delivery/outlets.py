"""The relays as one process uses them, in the order of their turns: which may carry a letter now."""

from collections.abc import Iterator, Mapping, Sequence
from time import monotonic

from newsletter.delivery.feed import QueueKey
from newsletter.delivery.outlet import Kit, Outlet, RelayInUse
from newsletter.delivery.seats import PaceKey, Report


class Outlets:
    """All outlets of one process, in the order in which they are to be used."""

    def __init__(self, kit: Kit, connections: int) -> None:
        self._kit = kit
        self._connections = connections
        self._all: list[Outlet] = []
        self._is_alone = False

    def __iter__(self) -> Iterator[Outlet]:
        return iter(self._all)

    def update(self, relays: Sequence[RelayInUse]) -> None:
        """Take in what changed; a relay whose address changed, or that is gone, is hung up on."""
        known = {outlet.id: outlet for outlet in self._all}
        self._all = []
        for relay in sorted(relays, key=lambda each: (each.tier, each.id)):
            outlet = known.pop(relay.id, None)
            if outlet is not None and outlet.relay.route != relay.route:
                known[relay.id] = outlet
                outlet = None
            if outlet is None:
                outlet = Outlet(relay, self._kit)
            outlet.follow(relay)
            if relay.rests_for:
                outlet.rest_until(monotonic() + relay.rests_for)
            self._all.append(outlet)
        for outlet in known.values():
            outlet.client.drop()
            for lane in outlet.lanes:
                lane.drop()
        self._is_alone = len(self._all) == 1
        self._staff()

    def wait(self, now: float) -> float:
        """How long no relay may be used, in seconds; 0 when one may be."""
        return max(0.0, min((outlet.rests_until - now for outlet in self._all), default=0.0))

    @property
    def is_plain(self) -> bool:
        """Whether there is one relay, and all letters are alike to it."""
        return self._is_alone and not self._all[0].is_by_group

    def first_usable(self, now: float) -> Outlet | None:
        """Who carries single mails: they are few, and have no part in the shares."""
        usable = (outlet for outlet in self._all if outlet.rests_until <= now)
        return next((outlet for outlet in usable if outlet.share_of_connections != 0), None)

    def reports(self, now: float) -> Mapping[PaceKey, Report]:
        """What all of them have to tell."""
        return {key: each for outlet in self._all for key, each in outlet.reports(now).items()}

    @property
    def has_groups(self) -> bool:
        """Whether it matters to whom a letter goes."""
        return any(outlet.is_by_group for outlet in self._all)

    def may_carry(self, outlet: Outlet, key: QueueKey, now: float) -> bool:
        """Whether a letter may go over this outlet now: it fits, and nobody better could carry it."""
        if not outlet.may_take(key.group, now):
            return False
        if self._is_alone and (not key.relay_id or key.relay_id == outlet.id):
            return True
        pinned = self._pinned(key, now)
        if pinned is not None:
            return pinned == outlet.id
        return not any(
            other.relay.tier < outlet.relay.tier and other.can_carry(key.group, now) for other in self._all
        )

    def is_held_up(self, key: QueueKey, now: float) -> bool:
        """Whether letters of this kind wait for something that others need not wait for."""
        pinned = self._pinned(key, now) if key.is_repeated else None
        if pinned is not None and not any(each.id == pinned and each.is_usable(now) for each in self._all):
            return True
        return bool(key.group) and all(outlet.is_held_up(key.group, now) for outlet in self._all)

    def _pinned(self, key: QueueKey, now: float) -> int | None:
        """A later try goes to whom it was made before, while that one can be used; a possible copy always."""
        if not key.relay_id:
            return None
        outlet = next((each for each in self._all if each.id == key.relay_id), None)
        if outlet is None:
            return None  # a person took it out of use
        return outlet.id if key.is_repeated or outlet.can_carry(key.group, now) else None

    def _staff(self) -> None:
        """Share the connections by weight among those of one tier."""
        for outlet in self._all:
            together = sum(o.relay.weight for o in self._all if o.relay.tier == outlet.relay.tier)
            outlet.staff(max(1, round(self._connections * outlet.relay.weight / together)))
