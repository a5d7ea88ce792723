"""Which rule of a script steps in."""

import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tests.support.sink.script import Moment, Rule, Script


@dataclass(frozen=True)
class Situation:
    """What the conditions of rules ask about."""

    moment: Moment
    addresses: Iterable[str]
    number: int
    """Of this message in the sink, or of this connection before there is one."""
    done: int
    """Bodies that this connection has brought to their end."""


class Picker:
    """Remembers how often each rule of one script stepped in."""

    def __init__(self, script: Script) -> None:
        self._rules = script.rules
        self._random = random.Random(script.seed)
        self._used: Counter[int] = Counter()

    def pick(self, situation: Situation) -> Rule | None:
        for index, rule in enumerate(self._rules):
            if _matches(rule, situation) and self._is_due(index, rule):
                self._used[index] += 1
                return rule
        return None

    def _is_due(self, index: int, rule: Rule) -> bool:
        if rule.times and self._used[index] >= rule.times:
            return False
        return not rule.chance or self._random.random() < rule.chance


def _matches(rule: Rule, situation: Situation) -> bool:
    return (
        rule.at is situation.moment
        and rule.nth in {0, situation.number}
        and not (rule.every and situation.number % rule.every)
        and situation.done >= rule.after
        and (not rule.address or any(re.search(rule.address, each) for each in situation.addresses))
    )
