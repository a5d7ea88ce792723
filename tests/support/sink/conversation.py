"""One scripted conversation: what a correct server would say, and what the rules make of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.sink.dialogue import BANNER, Dialogue, Turn
from tests.support.sink.inbox import Inbox
from tests.support.sink.picking import Situation
from tests.support.sink.script import OF_ACCEPTED, Do, Moment, Rule, bytes_of, text_of
from tests.support.sink.state import State
from tests.support.sink.wire import Manner, Wire

_BEFORE_MAIL = {Moment.CONNECT, Moment.EHLO, Moment.STARTTLS, Moment.AUTH}
_FLOOD_AT_ONCE = 200


class _Hangup(Exception):
    """The conversation is over by our will."""


class _RudeHangup(Exception):
    """The same, with a RST."""


class Conversation:
    """Talks with one client until one of the two hangs up."""

    def __init__(self, wire: Wire, state: State) -> None:
        self._wire = wire
        self._inbox = Inbox(wire)
        self._state = state
        self._dialogue = Dialogue(state.script)
        self._replies: list[bytes] = []
        self._connection = state.connections.ever
        self._message = 0
        self._body = b""

    async def run(self) -> None:
        try:
            await self._converse()
        except _RudeHangup:
            await self._inbox.stop()
            self._wire.reset()
        except (_Hangup, OSError):
            await self._inbox.stop()
            await self._wire.close()

    async def _converse(self) -> None:
        self._obey_script()
        if self._state.script.implicit_tls:
            await self._encrypt()
        await self._perform(Turn(BANNER, Moment.CONNECT))
        while True:
            line = await self._line()
            self._obey_script()
            self._state.commands[line.partition(b" ")[0].upper().decode("ascii", "replace")] += 1
            await self._take_turn(self._dialogue.hear(text_of(line)))

    def _obey_script(self) -> None:
        self._dialogue.script = self._state.script
        self._wire.manner = Manner.of(self._state.script)

    async def _take_turn(self, turn: Turn) -> None:
        if turn.moment is Moment.MAIL:
            self._state.messages_begun += 1
            self._message = self._state.messages_begun
        reply = await self._perform(turn)
        if turn.reply.startswith("221"):
            await self._flush()
            raise _Hangup
        if turn.moment is Moment.STARTTLS and reply.startswith("220"):
            await self._encrypt()
        elif turn.moment is Moment.DATA and reply.startswith("354"):
            await self._hear_body()

    async def _encrypt(self) -> None:
        await self._flush()
        self._inbox.drop()
        await self._wire.encrypt(self._state.tls_context())
        self._dialogue.start_over()
        self._dialogue.encrypted = True

    async def _hear_body(self) -> None:
        for moment, enough in ((Moment.BODY_START, 1), (Moment.BODY_MIDDLE, self._state.script.middle)):
            while len(self._inbox) < enough and not self._inbox.has_body():
                await self._more()
            await self._perform(Turn("", moment))
        while (body := self._inbox.body()) is None:
            await self._more()
        self._body = body
        await asyncio.sleep(self._state.script.dot_latency)
        await self._perform(self._dialogue.hear_body())
        self._dialogue.end_body()

    async def _line(self) -> bytes:
        while (line := self._inbox.line()) is None:
            await self._more()
        return line

    async def _more(self) -> None:
        await self._flush()
        await self._inbox.more()

    async def _flush(self) -> None:
        if not self._replies:
            return
        await asyncio.sleep(self._state.script.latency)
        batch = b"".join(self._replies)
        self._replies.clear()
        self._state.batches += 1
        await self._wire.write(batch)

    async def _perform(self, turn: Turn) -> str:
        """Say what is to be said at this moment; gives what was said."""
        rule = self._rule_for(turn)
        if rule is None:
            return await self._answer(turn, turn.reply)
        if rule.do in _ANSWERS:
            return await _ANSWERS[rule.do](self, turn, rule)
        if rule.do in OF_ACCEPTED:
            self._write_down(turn, turn.reply)
        await self._flush()
        await _ENDS[rule.do](self, turn, rule)
        raise _Hangup

    def _rule_for(self, turn: Turn) -> Rule | None:
        if turn.moment is None:
            return None
        number = self._connection if turn.moment in _BEFORE_MAIL else self._message
        addresses = [turn.address] if turn.address else self._dialogue.recipients
        return self._state.picker.pick(Situation(turn.moment, addresses, number, self._dialogue.messages))

    async def _answer(self, turn: Turn, reply: str) -> str:
        self._write_down(turn, reply)
        return await self._reply(turn, reply)

    def _write_down(self, turn: Turn, reply: str) -> None:
        if turn.moment is Moment.DOT and reply.startswith("2"):
            dialogue, recorder = self._dialogue, self._state.recorder
            for recipient in dialogue.recipients:
                recorder.add(self._body, bytes_of(recipient), bytes_of(dialogue.return_path or ""))
            recorder.flush()

    async def _reply(self, turn: Turn, reply: str) -> str:
        self._dialogue.settle(turn, reply)
        if reply:
            self._replies.append(_line(reply))
        if reply.startswith("421"):
            await self._flush()
            raise _Hangup
        return reply

    async def _say_instead(self, turn: Turn, rule: Rule) -> str:
        return await self._answer(turn, rule.reply or turn.reply)

    async def _delay(self, turn: Turn, rule: Rule) -> str:
        await self._flush()
        self._write_down(turn, rule.reply or turn.reply)
        await asyncio.sleep(rule.seconds)
        return await self._reply(turn, rule.reply or turn.reply)

    async def _hold(self, turn: Turn, rule: Rule) -> str:
        await self._flush()
        self._write_down(turn, rule.reply or turn.reply)
        with self._state.holding() as released:
            while not released.done():
                either: list[asyncio.Future[Any]] = [released, self._inbox.coming()]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if either[1].done():
                    await self._inbox.more()
        return await self._reply(turn, rule.reply or turn.reply)

    async def _say_more(self, turn: Turn, rule: Rule) -> str:
        reply = await self._answer(turn, turn.reply)
        self._replies.append(_line(rule.reply or "250 2.0.0 and once more"))
        return reply

    async def _flood(self, turn: Turn, rule: Rule) -> None:
        piece = _line(rule.reply or f"{turn.reply[:3]}-and so on")
        while True:
            await self._wire.write(piece * _FLOOD_AT_ONCE)

    async def _close(self, _turn: Turn, rule: Rule) -> None:
        await self._wire.write(bytes_of(rule.reply))

    async def _reset(self, _turn: Turn, rule: Rule) -> None:
        await self._wire.write(bytes_of(rule.reply))
        raise _RudeHangup

    async def _fall_silent(self, _turn: Turn, rule: Rule) -> None:
        await self._wire.write(bytes_of(rule.reply))
        while True:
            self._inbox.drop()
            await self._inbox.more()


_ANSWERS: dict[Do, Callable[[Conversation, Turn, Rule], Awaitable[str]]] = {
    Do.REPLY: Conversation._say_instead,
    Do.DELAY: Conversation._delay,
    Do.HOLD: Conversation._hold,
    Do.EXTRA: Conversation._say_more,
}
_ENDS: dict[Do, Callable[[Conversation, Turn, Rule], Awaitable[None]]] = {
    Do.CLOSE: Conversation._close,
    Do.RESET: Conversation._reset,
    Do.SILENCE: Conversation._fall_silent,
    Do.FLOOD: Conversation._flood,
    Do.ACCEPT_AND_CLOSE: Conversation._close,
    Do.ACCEPT_AND_RESET: Conversation._reset,
    Do.ACCEPT_AND_SILENCE: Conversation._fall_silent,
}


def _line(reply: str) -> bytes:
    return bytes_of(reply if reply.endswith("\r\n") else f"{reply}\r\n")
