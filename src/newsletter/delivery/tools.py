"""What a sending process keeps at hand from round to round."""

from dataclasses import dataclass

from newsletter.delivery.black_box import BlackBox
from newsletter.delivery.desk import Desk
from newsletter.delivery.ledger import Ledger
from newsletter.delivery.mailings import Mailings
from newsletter.delivery.notice_lane import NoticeLane
from newsletter.delivery.outlets import Outlets
from newsletter.delivery.receivers import Receivers
from newsletter.delivery.sharing import Sharing
from newsletter.delivery.trouble import TroubleBook
from newsletter.delivery.weather import Weathers


@dataclass(frozen=True)
class Timing:
    """How long things take, in seconds."""

    lease_for: float
    send_for: float
    stop_within: float
    notices_every: float
    relay_waits: tuple[float, ...]


@dataclass(frozen=True)
class Tools:
    """What a round works with."""

    ledger: Ledger
    mailings: Mailings
    notices: NoticeLane
    desk: Desk
    trouble: TroubleBook
    outlets: Outlets
    sharing: Sharing
    weathers: Weathers
    receivers: Receivers
    box: BlackBox
    timing: Timing
