"""Who listens to a connection hears the end of every letter, whatever happens in between."""

import asyncio

import pytest

from newsletter.domain.errors import RelayTrouble
from newsletter.domain.relays import Security
from newsletter.mail.envelope import Envelope
from newsletter.mail.smtp.client import Client
from newsletter.mail.smtp.connection import open_connection
from newsletter.mail.smtp.events import Answered, Ended, Event, Invited, Refused
from tests.mail.test_connection import END, Ears, Peer, Run, invited, relay, run
from tests.mail.test_dialogue import ACCEPTED, ANN, BOB, BODY, INVITES, QUEUED, UNTOUCHED, lines

__all__ = ["run"]


def test_a_listener_that_hangs_up_hears_the_end_last_and_no_invitation(run: Run) -> None:
    async def play(peer: Peer) -> None:
        await peer.let_in()
        await peer.invite()
        await peer.hear(b"DATA\r\n")
        await peer.say(QUEUED + INVITES)

    async def scenario() -> None:
        async with relay(play) as route:
            connection, ears = await invited(route)

            def hang_up(event: Event) -> None:
                ears(event)
                if isinstance(event, Answered):
                    connection.drop("was enough")

            connection.hear = hang_up
            connection.send_body([BODY], BOB)
            assert await ears.until(Ended) == [Answered(ACCEPTED), Refused(UNTOUCHED), Ended("was enough")]

    run(scenario())


def test_a_listener_may_offer_letter_after_letter_that_cannot_be_carried(run: Run) -> None:
    too_big = Envelope("a@b.c", "d@e.f", 1000)

    async def play(peer: Peer) -> None:
        await peer.let_in(Security.PLAIN, "SIZE 999")
        await peer.read_all()

    async def scenario() -> None:
        async with relay(play) as route:
            heard = list[Event]()

            def offer_more(event: Event) -> None:
                heard.append(event)
                if len(heard) < 500:
                    connection.offer(too_big)

            connection = await open_connection(route, offer_more)
            connection.offer(too_big)
            assert len(heard) == 500
            connection.drop()

    run(scenario())


def test_an_invitation_that_is_taken_back_at_once_is_not_heard(run: Run) -> None:
    async def play(peer: Peer) -> None:
        await peer.let_in()
        await peer.hear(b"DATA\r\n")
        await peer.say(INVITES + lines("421 closing"))

    async def scenario() -> None:
        async with relay(play) as route:
            ears = Ears()
            connection = await open_connection(route, ears)
            connection.offer(ANN)
            assert await ears.until(Ended) == [Refused(UNTOUCHED), Ended("")]

    run(scenario())


async def take(peer: Peer, answer: bytes = QUEUED) -> None:
    """Take one letter."""
    await peer.invite()
    await peer.hear(END)
    await peer.say(answer)


def test_a_letter_whose_relay_says_goodbye_with_its_invitation_did_not_leave(run: Run) -> None:
    heard = bytearray()

    async def play(peer: Peer) -> None:
        await peer.let_in()
        await peer.hear(b"DATA\r\n")
        await peer.say(INVITES + lines("421 closing"))
        heard.extend(await peer.read_all())

    async def scenario() -> None:
        async with relay(play) as route:
            with pytest.raises(RelayTrouble, match="hung up before the letter began"):
                await Client(route).send(ANN, BODY)

    run(scenario())
    assert heard == b""


def test_a_letter_whose_conversation_ends_at_its_invitation_goes_over_another(run: Run) -> None:
    async def play(peer: Peer) -> None:
        await peer.let_in()
        await take(peer)
        await take(peer)
        await peer.read_all()

    async def scenario() -> None:
        async with relay(play) as route:
            client = Client(route)
            await client.send(ANN, BODY)
            connection = client._connection
            assert connection is not None
            hear = connection.hear

            def hang_up(event: Event) -> None:
                hear(event)
                if isinstance(event, Invited):
                    connection.drop()

            connection.hear = hang_up
            assert await client.send(BOB, BODY) == ACCEPTED
            client.drop()

    run(scenario())


def test_a_letter_never_hears_the_answer_to_one_that_was_given_up(run: Run) -> None:
    peers = list[Peer]()
    left, came = asyncio.Event(), asyncio.Event()

    async def play(peer: Peer) -> None:
        peers.append(peer)
        await peer.let_in()
        await peer.invite()
        await peer.hear(END)
        if len(peers) == 1:
            left.set()
            await came.wait()
            await peer.say(lines("250 2.0.0 the first"))
        else:
            came.set()
            await peers[0].reader.read()
            await peer.say(lines("451 4.3.0 the second"))
        await peer.read_all()

    async def scenario() -> None:
        async with relay(play) as route:
            client = Client(route)
            first = asyncio.create_task(client.send(ANN, BODY))
            await left.wait()
            first.cancel()
            outcome = await client.send(BOB, BODY)
            assert str(outcome.reply) == "451 4.3.0 the second"
            client.drop()

    run(scenario())


def test_a_worn_out_connection_is_left_politely_for_another(run: Run) -> None:
    goodbyes = list[bytes]()

    async def play(peer: Peer) -> None:
        await peer.let_in(Security.PLAIN, "LIMITS MAILMAX=1")
        await take(peer)
        goodbyes.append(await peer.reader.read(100))
        await peer.say(lines("221 bye"))

    async def scenario() -> None:
        async with relay(play) as route:
            client = Client(route)
            assert [await client.send(to, BODY) for to in (ANN, BOB)] == [ACCEPTED, ACCEPTED]
            await client.close()

    run(scenario())
    assert goodbyes == [b"QUIT\r\n"] * 2
