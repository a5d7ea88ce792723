"""The event loop that connections run on: uvloop where it is installed, else Python's own."""

import asyncio

try:
    import uvloop
except ImportError:
    uvloop = None  # type: ignore[assignment]


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop for `asyncio.Runner`."""
    return asyncio.new_event_loop() if uvloop is None else uvloop.new_event_loop()
