"""The event loop of the sink and of what measures it: uvloop's where there is one."""

import asyncio

try:
    import uvloop
except ImportError:
    new_loop = asyncio.new_event_loop
else:
    new_loop = uvloop.new_event_loop
