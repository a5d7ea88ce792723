"""What a client said and nobody has looked at yet."""

import asyncio

from tests.support.sink.wire import Wire

_END = b"\r\n.\r\n"


class Inbox:
    """Lines and bodies out of a wire."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting = bytearray()
        self._seen = 0
        self._coming: asyncio.Task[bytes] | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    async def more(self) -> None:
        """Wait for more. Raises ConnectionError when the client has hung up."""
        data = await self.coming()
        self._coming = None
        self._waiting += data
        if not data:
            raise ConnectionError("The client is gone.")

    def coming(self) -> asyncio.Task[bytes]:
        """What comes next; may be waited for together with something else, and `more` takes it."""
        if self._coming is None:
            self._coming = asyncio.create_task(self._wire.read())
        return self._coming

    async def stop(self) -> None:
        """Read no more, so that the wire can be closed."""
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.wait({self._coming})

    def drop(self) -> None:
        """Forget what is here."""
        self._waiting.clear()
        self._seen = 0

    def line(self) -> bytes | None:
        """The next line without its end, if it is here."""
        end = self._waiting.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._waiting[:end])
        del self._waiting[: end + 1]
        return line.removesuffix(b"\r")

    def has_body(self) -> bool:
        """Whether the end of a body is here."""
        return self._end_of_body() >= 0

    def body(self) -> bytes | None:
        """The next body without its dots, if all of it is here."""
        end = self._end_of_body()
        if end < 0:
            return None
        body = bytes(self._waiting[:end])
        del self._waiting[: end + 3]
        self._seen = 0
        return unstuff(body)

    def _end_of_body(self) -> int:
        """Where the lone dot stands; -1 while there is none."""
        if self._waiting.startswith(b".\r\n"):
            return 0
        found = self._waiting.find(_END, self._seen)
        if found >= 0:
            return found + 2
        self._seen = max(0, len(self._waiting) - len(_END) + 1)
        return -1


def unstuff(body: bytes) -> bytes:
    """A body as its author wrote it."""
    return body.removeprefix(b".").replace(b"\r\n.", b"\r\n")
