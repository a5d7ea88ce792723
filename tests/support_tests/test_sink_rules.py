"""When rules of the sink step in."""

from collections.abc import Callable

import pytest

from tests.support.sink import Do, Moment, Rule, Script, bytes_of, running_sink, text_of
from tests.support.sink.picking import Picker, Situation
from tests.support_tests.talking import talking


def steps_in(rule: Rule, seed: int = 0) -> Callable[..., bool]:
    picker = Picker(Script(rules=(rule,), seed=seed))

    def ask(number: int = 1, address: str = "reader1@example.org", done: int = 0) -> bool:
        return picker.pick(Situation(rule.at, [address], number, done)) is not None

    return ask


def test_a_rule_without_conditions_always_steps_in():
    ask = steps_in(Rule(Moment.RCPT, Do.CLOSE))
    assert [ask(number) for number in (1, 2, 3)] == [True, True, True]


def test_a_rule_is_for_its_moment():
    picker = Picker(Script(rules=(Rule(Moment.RCPT, Do.CLOSE),)))
    assert picker.pick(Situation(Moment.MAIL, [], 1, 0)) is None


def test_a_rule_can_be_for_one_message():
    ask = steps_in(Rule(Moment.RCPT, Do.CLOSE, nth=2))
    assert [ask(number) for number in (1, 2, 3, 4)] == [False, True, False, False]


def test_a_rule_can_be_for_every_third_message():
    ask = steps_in(Rule(Moment.RCPT, Do.CLOSE, every=3))
    assert [number for number in range(1, 10) if ask(number)] == [3, 6, 9]


def test_a_rule_can_wait_for_messages_of_its_connection():
    ask = steps_in(Rule(Moment.MAIL, Do.CLOSE, after=2))
    assert [ask(done=done) for done in (0, 1, 2, 3)] == [False, False, True, True]


def test_a_rule_can_be_for_some_addresses():
    ask = steps_in(Rule(Moment.RCPT, Do.CLOSE, address=r"^gone\d*@"))
    assert [ask(address=each) for each in ("gone@a", "gone7@a", "begone@a")] == [True, True, False]


def test_a_rule_can_be_used_up():
    ask = steps_in(Rule(Moment.RCPT, Do.CLOSE, times=2))
    assert [ask() for _ in range(4)] == [True, True, False, False]


def test_chance_is_the_same_for_the_same_seed():
    rule = Rule(Moment.RCPT, Do.CLOSE, chance=0.3)
    first, again, other = steps_in(rule, 1), steps_in(rule, 1), steps_in(rule, 2)
    drawn = [first() for _ in range(1000)]
    assert drawn == [again() for _ in range(1000)]
    assert drawn != [other() for _ in range(1000)]
    assert 200 < sum(drawn) < 400


def test_the_first_rule_that_matches_wins():
    rules = (Rule(Moment.RCPT, Do.CLOSE, times=1), Rule(Moment.RCPT, Do.RESET))
    picker = Picker(Script(rules=rules))
    picked = [picker.pick(Situation(Moment.RCPT, [], 1, 0)) for _ in range(2)]
    assert picked == list(rules)


def test_a_script_travels_as_json():
    rules = (Rule(Moment.DOT, Do.REPLY, text_of(b"\xff"), "gone@", 1, 2, 3, 0.5, 4, 0.1),)
    script = Script(rules=rules, credentials=("user", "password"), extensions=())
    assert Script.loads(script.dumps()) == script


def test_any_bytes_travel_in_a_text():
    assert bytes_of(text_of(bytes(range(256)))) == bytes(range(256))


@pytest.mark.slow
def test_messages_are_counted_in_the_whole_sink_and_connections_too():
    rules = (
        Rule(Moment.CONNECT, Do.REPLY, "220 the second", nth=2),
        Rule(Moment.DOT, Do.REPLY, "451 4.3.0 the third", nth=3),
    )
    with running_sink(Script(rules=rules)) as sink:
        with talking(sink.port) as client:
            assert [client.greet().deliver(), client.deliver()] == [b"250", b"250"]
        with talking(sink.port) as client:
            assert client.reply() == b"220 the second\r\n"
            client.ask(b"EHLO client.test")
            assert [client.deliver(), client.deliver()] == [b"451", b"250"]
        assert sink.copies() == {"reader1@example.org": 3}


@pytest.mark.slow
def test_a_connection_counts_its_own_messages():
    with running_sink(Script(rules=(Rule(Moment.MAIL, Do.REPLY, "421 4.7.0 enough", after=2),))) as sink:
        for _ in range(2):
            with talking(sink.port) as client:
                assert [client.greet().deliver(), client.deliver()] == [b"250", b"250"]
                assert client.ask(b"MAIL FROM:<>").startswith(b"421")
                assert client.rest() == b""


@pytest.mark.slow
def test_a_return_path_can_be_refused():
    rule = Rule(Moment.MAIL, Do.REPLY, "550 5.7.1 not you", address="^bounce@")
    with running_sink(Script(rules=(rule,))) as sink, talking(sink.port) as client:
        assert client.greet().ask(b"MAIL FROM:<bounce@example.org>").startswith(b"550")
        assert client.ask(b"MAIL FROM:<other@example.org>").startswith(b"250")
