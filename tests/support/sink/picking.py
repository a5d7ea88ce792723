"""Which rule of a script steps in."""

import random
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

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
        self._tokens: dict[int, tuple[float, float]] = {}
        self._seen: dict[tuple[str, str], float] = {}

    def pick(self, situation: Situation) -> Rule | None:
        for index, rule in enumerate(self._rules):
            if not _matches(rule, situation) or (rule.above and not self._is_too_fast(index, rule)):
                continue
            if rule.until and not self._is_new(rule, situation):
                continue
            if self._is_due(index, rule):
                self._used[index] += 1
                return rule
        return None

    def _is_due(self, index: int, rule: Rule) -> bool:
        if rule.times and self._used[index] >= rule.times:
            return False
        return not rule.chance or self._random.random() < rule.chance

    def _is_too_fast(self, index: int, rule: Rule) -> bool:
        """Tokens come at the rate; a quarter of a second of them can be saved up."""
        now = monotonic()
        tokens, since = self._tokens.get(index, (rule.above / 4, now))
        tokens = min(tokens + (now - since) * rule.above, max(1.0, rule.above / 4))
        is_too_fast = tokens < 1
        self._tokens[index] = (tokens if is_too_fast else tokens - 1, now)
        return is_too_fast

    def _is_new(self, rule: Rule, situation: Situation) -> bool:
        now = monotonic()
        seen = [self._seen.setdefault((rule.address, each), now) for each in situation.addresses]
        return any(now - each < rule.until for each in seen)


def _matches(rule: Rule, situation: Situation) -> bool:
    return (
        rule.at is situation.moment
        and rule.nth in {0, situation.number}
        and not (rule.every and situation.number % rule.every)
        and situation.done >= rule.after
        and (not rule.address or any(re.search(rule.address, each) for each in situation.addresses))
    )
