"""The lane of single mails: a connection of its own, so that small mail overtakes big mail."""

from collections.abc import Callable

import structlog

from newsletter.delivery.desk import Desk
from newsletter.delivery.notices import ClaimedNotice, NoticeDesk
from newsletter.delivery.trouble import TroubleBook
from newsletter.domain.errors import BadAddress, RelayTrouble
from newsletter.domain.outcomes import Blame, Outcome, Reply, Verdict
from newsletter.mail.smtp.client import Client

_log = structlog.get_logger(__name__)


class NoticeLane:
    """Sends notices one after another."""

    def __init__(self, notices: NoticeDesk, client: Client, desk: Desk, trouble: TroubleBook) -> None:
        self._notices = notices
        self._client = client
        self._desk = desk
        self._trouble = trouble
        self._is_draining = False

    async def drain(self, stop: Callable[[], bool]) -> None:
        """Send every notice that is due; a database that is away is left to the next time."""
        if self._is_draining:
            return
        self._is_draining = True
        try:
            while not stop() and await self._desk.run(self._notices.has_due):
                if not await self._send_one():
                    return
        except self._desk.errors as error:
            _log.warning("notices_wait", reason=str(error).strip().partition("\n")[0])
        finally:
            self._is_draining = False

    async def close(self) -> None:
        """Hang up politely."""
        await self._client.close()

    async def _send_one(self) -> bool:
        """Send the notice that waits longest; False when the relay cannot be used now."""
        claimed = await self._desk.run(self._notices.claim)
        message = await self._desk.run(self._notices.write, claimed) if claimed is not None else None
        if claimed is None or message is None:
            return True
        try:
            outcome = await self._client.send(claimed.envelope, message)
        except BadAddress as error:
            outcome = Outcome(Verdict.PERMANENT, Blame.MESSAGE, Reply(0, "", str(error)))
        except RelayTrouble as trouble:
            await self._desk.run(self._put_back, claimed, str(trouble))
            return False
        if outcome.verdict is Verdict.UNTOUCHED:
            words = f"It answers: {outcome.reply}." if outcome.reply else "The relay hung up."
            await self._desk.run(self._put_back, claimed, words)
            return False
        await self._desk.run(self._notices.settle, claimed, outcome)
        return True

    def _put_back(self, claimed: ClaimedNotice, trouble: str) -> None:
        self._notices.put_back(claimed, self._trouble.rest(trouble))
