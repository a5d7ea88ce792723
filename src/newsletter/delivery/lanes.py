"""A lane: one connection to the relay, and the letters that go over it, one body at a time.

Each body passes the gate: its intent, and the outcome of the body before it, become durable together
while the relay already waits with its 354.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from newsletter.delivery.black_box import NO_NOTES, Notes
from newsletter.delivery.entries import Entry, Intent, Passage, Result
from newsletter.delivery.feed import Assignment
from newsletter.domain.errors import RelayTrouble
from newsletter.domain.outcomes import Blame, Meaning, Outcome, Verdict
from newsletter.mail.smtp.connection import Connection, Route, open_connection
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited, Refused

# Names of their own: Python 3.11 is slow to find a member by its class.
_OPEN, _UNTOUCHED = Passage.OPEN, Verdict.UNTOUCHED
_NOT_SENT = Outcome(_UNTOUCHED, Blame.RELAY)

Opener = Callable[[Route, Callable[[Event], None]], Awaitable[Connection]]


class Place(NamedTuple):
    """Where a lane leads, and how its connections are made."""

    route: Route
    relay_id: int
    connect: Opener = open_connection
    notes: Notes = NO_NOTES


class Office(Protocol):
    """What a lane needs from the outlet it belongs to."""

    letters_a_connection: int
    """After so many letters the relay hangs up each time; 0 when it does not."""

    def take(self, lane: "Lane") -> Assignment | None:
        """The next letter to send."""
        ...

    def put_back(self, assignment: Assignment) -> None:
        """This letter's body did not leave; it may be sent again."""
        ...

    def heard(self, assignment: Assignment, outcome: Outcome) -> None:
        """Draw the consequences of an outcome beyond its own letter."""
        ...

    def not_let_in(self, lane: "Lane", trouble: str) -> None:
        """The relay did not answer, or refused us."""
        ...

    def lane_ended(self, lane: "Lane", trouble: str) -> None:
        """The relay ended a conversation."""
        ...


class Clerk(Protocol):
    """Who writes down what a lane has to say; another one each round."""

    def submit(self, entry: Entry, answer: Callable[[Passage], None]) -> None:
        """Make an entry durable."""
        ...

    def has_settled(self, assignment: Assignment) -> None:
        """Its result is durable, or it will not be sent: it is out of our hands."""
        ...

    def look_again(self, assignment: Assignment, then: Callable[[Passage], None]) -> None:
        """Somebody left: was it this reader? Answers `SKIP`, or `NOTED` when the gate may be asked again."""
        ...

    def stop_batch(self, assignment: Assignment) -> None:
        """Send nothing more of this letter's batch."""
        ...


class Lane:
    """Sends letters over one connection; opens it when there is work."""

    clerk: Clerk

    def __init__(self, office: Office, place: Place, number: int) -> None:
        self.office = office
        self.number = number
        """Of the lanes to its relay; where there is room for fewer, the first ones stay."""
        self._route = place.route
        self._relay_id = place.relay_id
        self._connect = place.connect
        self._notes = place.notes
        self._connection: Connection | None = None
        self._opening: asyncio.Task[None] | None = None
        self._offered: Assignment | None = None
        self._under_way: Assignment | None = None
        self._result: tuple[Assignment, Result] | None = None
        self._hangs_up = False
        self.letters = 0
        """How many letters this connection brought to an end."""

    @property
    def is_open(self) -> bool:
        """Whether we are let in by the relay."""
        return self._connection is not None

    @property
    def is_opening(self) -> bool:
        """Whether we are knocking."""
        return self._opening is not None

    @property
    def is_quiet(self) -> bool:
        """Whether no letter is in its hands."""
        return not (self._opening or self._offered or self._under_way or self._result)

    @property
    def has_body_out(self) -> bool:
        """Whether a body left and its answer is awaited."""
        return self._under_way is not None

    def wake(self) -> None:
        """There may be work."""
        if not self.is_quiet:
            return
        if self._connection is None:
            self._opening = asyncio.get_running_loop().create_task(self._open())
        else:
            self._offer_next()

    def quit(self) -> None:
        """Say goodbye, if nothing is under way."""
        if self._connection is not None and self.is_quiet and self._connection.dialogue.is_idle:
            self._leave(self._connection)

    def _leave(self, connection: Connection) -> None:
        """Say goodbye; that this conversation ends says nothing of the relay."""
        self._hangs_up = True
        connection.quit()

    def drop(self, reason: str = "") -> None:
        """Hang up without a word."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if self._connection is not None:
            self._hangs_up = True
            self._connection.drop(reason)

    def abandon(self) -> None:
        """Hang up, and forget the letters: nothing about them can be written down."""
        self.drop()
        self._offered = self._under_way = self._result = None

    async def _open(self) -> None:
        try:
            connection = await self._connect(self._route, self._hear)
        except RelayTrouble as trouble:
            self._opening = None
            self.office.not_let_in(self, str(trouble))
            return
        self._opening = None
        self._connection = connection
        self._hangs_up = False
        self.letters = 0
        if connection.dialogue.is_over:
            self._on_ended("")
        else:
            self._offer_next()

    def _hear(self, event: Event) -> None:
        match event:
            case Invited():
                self._pass_gate()
            case Answered(outcome):
                self._on_answer(outcome)
            case Refused(outcome):
                self._on_refusal(outcome)
            case Ended(trouble):
                self._on_ended(trouble)

    def _offer_next(self) -> None:
        connection = self._connection
        if connection is None or not connection.dialogue.is_idle:
            return
        if self._is_worn_out(connection):
            self._leave(connection)
            return
        assignment = self.office.take(self)
        if assignment is not None:
            self._offered = assignment
            connection.offer(assignment.envelope)

    def _pass_gate(self) -> None:
        """The relay waits for the body: make its intent durable, and the outcome before it."""
        assignment = self._offered
        assert assignment is not None
        assignment.is_at_gate = True
        intent = Intent(assignment.work.holding, assignment.recipient, self._relay_id)
        result, self._result = self._result, None

        def on_passage(passage: Passage) -> None:
            if result is not None:
                self._let_go(*result)
            self._on_passage(assignment, passage)

        self.clerk.submit(Entry(result[1] if result else None, intent), on_passage)

    def _on_passage(self, assignment: Assignment, passage: Passage) -> None:
        if assignment.is_dropped:
            self._take_intent_back(assignment, passage)
            return
        if passage is _OPEN:
            assignment.is_at_gate = False
            self._send_body(assignment)
            return
        match passage:
            case Passage.LOOK_AGAIN:
                self.clerk.look_again(assignment, lambda answer: self._on_passage(assignment, answer))
            case Passage.NOTED:
                self._pass_gate()
            case Passage.SKIP:
                self._refrain(assignment)
            case Passage.STOP | Passage.FENCED:
                self.clerk.stop_batch(assignment)
                self._refrain(assignment)

    def _refrain(self, assignment: Assignment) -> None:
        """Do not send a letter that the relay waits for: after its 354 only hanging up does that."""
        self._offered = None
        self.clerk.has_settled(assignment)
        self.drop()

    def _send_body(self, assignment: Assignment) -> None:
        assert self._connection is not None
        then = None if self._is_worn_out(self._connection) else self.office.take(self)
        self._under_way, self._offered = assignment, then
        self._notes.leaves(assignment.work.holding.lease, assignment.recipient)
        self._connection.send_body(assignment.letter, then.envelope if then is not None else None)

    def _take_intent_back(self, assignment: Assignment, passage: Passage) -> None:
        """The connection broke while the gate was deciding."""
        assignment.is_at_gate = assignment.is_dropped = False
        if passage is Passage.SKIP:
            self.clerk.has_settled(assignment)
            return
        if passage is not Passage.OPEN:
            self.office.put_back(assignment)
            return
        untouched = self._result_of(assignment, _NOT_SENT)
        self.clerk.submit(Entry(untouched), lambda _passage: self.office.put_back(assignment))

    def _on_answer(self, outcome: Outcome) -> None:
        assignment, self._under_way = self._under_way, None
        assert assignment is not None
        self._notes.answered(outcome)
        self.letters += 1
        self._result = assignment, self._result_of(assignment, outcome)
        self.office.heard(assignment, outcome)
        if self._offered is None:
            self._post_result()
            self._offer_next()

    def _on_refusal(self, outcome: Outcome) -> None:
        assignment, self._offered = self._offered, None
        self._post_result()
        if assignment is None:
            return  # the gate said no, and we hung up ourselves
        self.office.heard(assignment, outcome)
        if assignment.is_at_gate:
            assignment.is_dropped = True
        elif outcome.verdict is _UNTOUCHED:
            self.office.put_back(assignment)
        else:
            self.letters += 1
            self._result = assignment, self._result_of(assignment, outcome)
            self._post_result()
        if outcome.meaning is Meaning.SESSION_FULL and self._connection is not None:
            self._connection.quit()
        else:
            self._offer_next()

    def _on_ended(self, trouble: str) -> None:
        self._connection = None
        self._post_result()
        if not self._hangs_up:
            self.office.lane_ended(self, str(self._route.trouble(trouble)) if trouble else "")

    def _is_worn_out(self, connection: Connection) -> bool:
        """Whether the relay takes no more letters over this connection; better to leave before it says so."""
        learnt, dialogue = self.office.letters_a_connection, connection.dialogue
        return dialogue.is_worn_out or (learnt > 0 and learnt <= dialogue.letters)

    def _result_of(self, assignment: Assignment, outcome: Outcome) -> Result:
        return Result(assignment.work.holding, assignment.recipient, outcome, self._relay_id)

    def _post_result(self) -> None:
        """Make an outcome durable by itself, when no intent follows that could carry it."""
        if self._result is None:
            return
        assignment, result = self._result
        self._result = None
        self.clerk.submit(Entry(result), lambda _passage: self._let_go(assignment, result))

    def _let_go(self, assignment: Assignment, result: Result) -> None:
        """Its outcome is durable; a letter that nobody took waits again."""
        if result.outcome.verdict is _UNTOUCHED:
            self.office.put_back(assignment)
        else:
            self.clerk.has_settled(assignment)
