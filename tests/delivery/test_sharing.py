"""How often a process asks for its shares anew."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from newsletter.delivery.sharing import Sharing

BEAT = 4.0


@pytest.mark.parametrize(
    ("is_limited", "wants_renewal", "after", "is_due"),
    [
        (False, False, 0.9 * BEAT, False),
        (False, False, 1.1 * BEAT, True),
        (True, False, 0.2 * BEAT, False),
        (True, False, 0.3 * BEAT, True),
        (False, True, 0.0, True),
    ],
)
def test_shares_are_renewed_each_beat_and_more_often_where_others_wait(
    is_limited: bool, wants_renewal: bool, after: float, is_due: bool
) -> None:
    outlet = SimpleNamespace(is_limited=is_limited, wants_renewal=wants_renewal)
    sharing = Sharing(cast("Any", [outlet]), cast("Any", SimpleNamespace(beat=BEAT)), cast("Any", None))

    assert sharing.is_due(after) is is_due
