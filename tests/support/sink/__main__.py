"""`python -m tests.support.sink --record FILE`: one sink, until it is asked to end."""

import argparse
import asyncio
import ctypes
import json
import signal
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from tests.support.sink.loops import new_loop
from tests.support.sink.record import Recorder
from tests.support.sink.script import Script
from tests.support.sink.server import Server, obey_orders
from tests.support.sink.state import State

_PR_SET_PDEATHSIG = 1


def main() -> None:
    options = _options()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_serve(options))
    print(json.dumps({"cpu_seconds": time.process_time()}), flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.support.sink", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one, and prints it")
    parser.add_argument("--record", type=Path, required=True, help="where accepted messages are written down")
    parser.add_argument("--script", type=Path, help="a Script as JSON")
    parser.add_argument("--keep", type=Path, help="a folder for whole messages")
    parser.add_argument("--fast", action="store_true", help="no rules and no TLS, for little CPU")
    parser.add_argument("--orders", action="store_true", help="read orders from standard input; end with it")
    return parser.parse_args()


async def _serve(options: argparse.Namespace) -> None:
    script = Script.loads(options.script.read_text("utf-8")) if options.script else Script()
    server = Server(State(script, Recorder(options.record, options.keep)), options.port)
    print(json.dumps({"port": server.port}), flush=True)
    asked_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_end.set)
    endings: list[Coroutine[Any, Any, object]] = [asked_to_end.wait()]
    endings.append(server.serve_fast() if options.fast else server.serve())
    if options.orders:
        endings.append(obey_orders(server))
    done, _ = await asyncio.wait(map(asyncio.create_task, endings), return_when=asyncio.FIRST_COMPLETED)
    for ending in done:
        ending.result()


if __name__ == "__main__":
    main()
