"""One relay as one process uses it: its lanes, its share of the limits, and how it goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple, Protocol

from newsletter.delivery.black_box import NO_BOX, BlackBox
from newsletter.delivery.feed import Assignment
from newsletter.delivery.lanes import Clerk, Lane, Opener, Place
from newsletter.delivery.meters import Meter
from newsletter.delivery.seats import PaceKey, Report, Share
from newsletter.delivery.weather import RelayWeather, Sign
from newsletter.domain.outcomes import Outcome, Verdict
from newsletter.mail.smtp.client import Client
from newsletter.mail.smtp.connection import Route, open_connection


class Tier(NamedTuple):
    """Whose turn it is: the lowest priority first, and of one priority the cheapest."""

    priority: int
    cost: float


_FIRST = Tier(0, 0.0)
_ACCEPTED = Verdict.ACCEPTED  # Python 3.11 is slow to find a member by its class


@dataclass(frozen=True)
class RelayInUse:
    """A relay as its row and the settings describe it."""

    id: int
    name: str
    route: Route
    tier: Tier = _FIRST
    weight: int = 1
    is_direct: bool = False
    by_group: bool = False
    """Whether some group of receivers has limits of its own."""
    rests_for: float = 0.0
    """Seconds from when this was read."""


@dataclass(frozen=True)
class Kit:
    """What all outlets of a process share; times in seconds."""

    beat: float
    backs_off: float
    box: BlackBox = NO_BOX
    connect: Opener = open_connection


class Head(Clerk, Protocol):
    """What an outlet needs from the round it works for."""

    def take(self, outlet: "Outlet") -> Assignment | None:
        """The next letter this outlet may carry."""
        ...

    def put_back(self, assignment: Assignment) -> None:
        """This letter's body did not leave; it may be sent again."""
        ...

    def heard(self, assignment: Assignment, outcome: Outcome) -> None:
        """Draw the consequences for its campaign."""
        ...

    def nudge(self) -> None:
        """Something changed: look around."""
        ...

    def rest(self, outlet: "Outlet", why: str) -> None:
        """Leave a relay alone for a while."""
        ...

    def recovered(self, outlet: "Outlet") -> None:
        """A letter went through."""
        ...


class Outlet:
    """One relay in this process: its lanes, its share of the limits, and how it goes. The lanes' `Office`."""

    head: Head
    """The round it works for now."""

    def __init__(self, relay: RelayInUse, kit: Kit) -> None:
        self.relay = relay
        self._kit = kit
        self.client = Client(relay.route)
        self.lanes: list[Lane] = []
        self.rests_until = 0.0
        self.in_trouble = True  # until a letter goes through, so that the relay's row is set right
        self.is_by_group = relay.is_direct or relay.by_group
        """Whether it matters to whom a letter goes."""
        self._own = Meter(kit.beat)
        self._alone = (self._own,)
        self._meters = {"": self._own}
        self._lanes_wanted = self._lanes_allowed = 0
        self.letters_a_connection = 0
        self._weather = RelayWeather()
        self._backing_off: dict[Lane, float] = {}
        self._has_guest = False

    @property
    def id(self) -> int:
        """The relay's."""
        return self.relay.id

    @property
    def wants_renewal(self) -> bool:
        """Whether there is something to tell at once."""
        return any(meter.is_slowed or meter.is_crowded for meter in self._meters.values())

    @property
    def is_limited(self) -> bool:
        """Whether others wait for what we hold."""
        return any(meter.is_limited for meter in self._meters.values())

    @property
    def open_lanes(self) -> int:
        """Connections that are open or being opened."""
        return sum(lane.is_open or lane.is_opening for lane in self.lanes)

    @property
    def connections(self) -> int:
        """Those of single mails included."""
        return self.open_lanes + self.client.is_open

    @property
    def has_room_for_a_guest(self) -> bool:
        """Whether one more connection, for single mails, is within our share."""
        share = self._own.share.connections
        return share is None or self.open_lanes < share

    def expect_guest(self, *, comes: bool) -> None:
        """Where connections are counted, a single mail's takes the place of a lane."""
        self._has_guest = comes and self.counts_connections
        self._count_lanes()

    def is_usable(self, now: float) -> bool:
        """Whether it may be asked to carry letters at all."""
        own = self._own
        has_room = own.share.connections != 0 and not own.is_used_up
        return has_room and self.rests_until <= now <= own.valid_until

    def can_carry(self, group: str, now: float) -> bool:
        """Whether letters of a group could go this way, if not at this very moment.

        While nobody knows yet whether its trouble is over, others need not wait for it.
        """
        meter = self._meters.get(group)
        is_full = meter is not None and meter.is_used_up
        return self.is_usable(now) and not is_full and not self._own.share.is_probe

    def is_held_up(self, group: str, now: float) -> bool:
        """Whether a group has to wait while others need not."""
        meter = self._meters.get(group) if group else None
        return meter is not None and not meter.may_take(now)

    def may_take(self, group: str, now: float) -> bool:
        """Whether a letter of a group may go this way now. Asked for every letter."""
        own = self._own
        if self.rests_until > now or not (own.stock >= 1 or own.restock(now)):
            return False
        meter = self._meters.get(group) if group else None
        return meter is None or meter.stock >= 1 or meter.restock(now)

    def reports(self, now: float) -> Mapping[PaceKey, Report]:
        """What to tell of each pace."""
        return {
            PaceKey(self.id, group): meter.report(now, 0 if group else self.connections)
            for group, meter in self._meters.items()
        }

    def renew(self, shares: Mapping[PaceKey, Share], now: float, asked_at: float) -> None:
        """New shares; groups may have been added or taken away."""
        for group in [*self._meters]:
            if PaceKey(self.id, group) not in shares and group:
                del self._meters[group]
        for key, share in shares.items():
            if key.relay_id == self.id:
                if share.rests_for:
                    self.rest_until(now + share.rests_for)
                self._meters.setdefault(key.group, Meter(self._kit.beat)).renew(
                    share, now, asked_at + share.good_for
                )
        self.is_by_group = self.relay.is_direct or self.relay.by_group or len(self._meters) > 1
        self._count_lanes()

    @property
    def share_of_connections(self) -> int | None:
        """How many connections are ours; None when they are not counted."""
        return self._own.share.connections

    @property
    def counts_connections(self) -> bool:
        """Whether others wait for our connections."""
        return self._own.share.connections is not None

    def follow(self, relay: RelayInUse) -> None:
        """Its row may say something else now."""
        self.relay, self.in_trouble = relay, True
        self.is_by_group = relay.is_direct or relay.by_group or len(self._meters) > 1

    def work_for(self, head: Head) -> None:
        """Begin with a round."""
        self.head = head
        for lane in self.lanes:
            lane.clerk = head

    def send_home(self) -> None:
        """Say goodbye on all lines."""
        for lane in self.lanes:
            lane.quit()

    def forget_shares(self) -> None:
        """What we had is somebody else's now."""
        for meter in self._meters.values():
            meter.give_up()

    def staff(self, connections: int) -> None:
        """So many lanes at most."""
        self._lanes_wanted = connections
        while len(self.lanes) < connections:
            place = Place(self.relay.route, self.relay.id, self._kit.connect, self._kit.box.notes())
            self.lanes.append(Lane(self, place, len(self.lanes)))
        self._count_lanes()

    def wake(self, wanted: int, now: float) -> int:
        """Send for as many lanes as letters wait for, within the share; whoever is too many goes home."""
        room = self._lanes_allowed - self.open_lanes  # one that is too many may still be busy
        woken = 0
        for lane in self.lanes:
            if lane.number >= self._lanes_allowed:
                lane.quit()
            elif woken < wanted and lane.is_quiet:
                if not lane.is_open:
                    if room <= 0 or self._backing_off.get(lane, 0) > now:
                        continue
                    room -= 1
                woken += 1
                lane.wake()
        return woken

    def rest_until(self, moment: float) -> None:
        """It is left alone until then."""
        self.rests_until, self.in_trouble = moment, True
        self._own.shut()  # then one process tries with one connection first

    def take(self, lane: Lane) -> Assignment | None:
        """See `Office`."""
        if lane.number >= self._lanes_allowed:
            return None
        assignment = self.head.take(self)
        if assignment is not None:
            group = assignment.key.group
            meter = self._meters.get(group) if group else None
            assignment.meters = self._alone if meter is None else (self._own, meter)
            for each in assignment.meters:
                each.stock -= 1
        return assignment

    def put_back(self, assignment: Assignment) -> None:
        """See `Office`."""
        for meter in assignment.meters:
            meter.give_back()
        self.head.put_back(assignment)

    def heard(self, assignment: Assignment, outcome: Outcome) -> None:
        """See `Office`."""
        if outcome.verdict is _ACCEPTED:
            self._count_accepted(assignment)
            return
        sign, why = self._weather.note(outcome)
        if sign is Sign.SLOW_DOWN:
            self._slow_down(assignment.key.group)
        elif sign is Sign.REST:
            self.head.rest(self, why)
        self.head.heard(assignment, outcome)

    def _count_accepted(self, assignment: Assignment) -> None:
        self._weather.count_accepted()
        assignment.work.weather.count_accepted()
        for meter in assignment.meters:
            meter.accepted += 1
        if self.in_trouble and self.rests_until <= monotonic():
            self.in_trouble = False
            self.head.recovered(self)

    def not_let_in(self, lane: Lane, trouble: str) -> None:
        """See `Office`: where others are let in there is no room for one more; where none is, all rest."""
        if any(each.is_open or each.is_opening for each in self.lanes):
            self._backing_off[lane] = monotonic() + self._kit.backs_off
            self._own.is_crowded = True
            self.head.nudge()
        else:
            self.head.rest(self, trouble)

    def lane_ended(self, lane: Lane, trouble: str) -> None:
        """See `Office`."""
        sign, why = self._weather.note_end(lane.letters, trouble)
        self.letters_a_connection = self._weather.letters_a_connection
        if sign is Sign.REST:
            self.head.rest(self, why)
        self.head.nudge()

    def _count_lanes(self) -> None:
        share = self._own.share.connections
        most = self._lanes_wanted if share is None else max(0, share - self._has_guest)
        self._lanes_allowed = min(most, self._lanes_wanted)

    def _slow_down(self, group: str) -> None:
        """A relay that speaks to the receivers itself tells of one of them; any other tells of itself."""
        whose = group if self.relay.is_direct else ""
        meter = self._meters.setdefault(whose, Meter(self._kit.beat))
        meter.slow_down()
        self.head.nudge()
