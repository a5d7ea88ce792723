"""The short form of `make chaos`: kills at random, and the books still balance."""

import random

import pytest

from newsletter.domain.states import UncertainPolicy
from tests.scenarios.chaos import rage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    "policy", [UncertainPolicy.RESEND, pytest.param(UncertainPolicy.HOLD, marks=pytest.mark.long)]
)
def test_a_campaign_under_fire_loses_nobody_and_repeats_nobody_unrecorded(policy: UncertainPolicy) -> None:
    findings = rage(6_000, policy, kills=4, every=1.5, dice=random.Random(policy))

    assert findings["kills"] >= 4
    assert findings["recipients"] == 6_000
    assert (findings["lost"], findings["unrecorded_copies"], findings["failed"]) == (0, 0, 0)
    if policy is UncertainPolicy.HOLD:
        assert findings["copies_beyond_first"] == 0
        assert findings["accepted"] + findings["uncertain"] == 6_000
    else:
        assert findings["accepted"] == 6_000
