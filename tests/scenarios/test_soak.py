"""The short form of the soak in `make chaos`: every trouble at once, and all promises kept."""

import random

import pytest

from tests.scenarios.soak import holds, soak

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_a_campaign_through_every_trouble_loses_nobody_and_suppresses_nobody_wrongly() -> None:
    findings = soak(2_000, limit=500.0, every=1.0, dice=random.Random(55))

    assert holds(findings), findings
    assert findings["recipients"] == 2_000
    assert findings["kills"] + findings["stops"] + findings["closings"] > 0
