"""A sink in a process of its own, as tests hold it."""

import json
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from tests.support.sink.record import Copy, RecordReader
from tests.support.sink.script import Script
from tests.support.sink.state import Stats

ROOT = Path(__file__).parents[3]


class Sink:
    """What the sink accepted, and how it behaves from now on."""

    def __init__(self, script: Script, port: int, options: list[str], folder: Path) -> None:
        self.port = port
        self.record = folder / "record"
        self._letters = folder / "letters"
        self._log = folder / "log"
        self._script_file = folder / "script.json"
        self._script = script
        self._options = options
        self._reader = RecordReader(self.record)
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        scheme = "smtps" if self._script.implicit_tls else "smtp"
        return f"{scheme}://127.0.0.1:{self.port}"

    def accepted(self) -> list[Copy]:
        """All messages that were accepted, in their order."""
        with self._lock:
            return self._reader.copies()

    def copies(self) -> Counter[str]:
        """How many each recipient got."""
        return Counter(each.recipient for each in self.accepted())

    def letters(self) -> list[bytes]:
        """The whole messages, in the order of `accepted`, of a sink that keeps them."""
        return [path.read_bytes() for path in sorted(self._letters.iterdir())]

    def wait_for(self, condition: Callable[[], object], within: float = 60) -> None:
        """Wait until the condition holds. Raises AssertionError when it does not come about."""
        until = monotonic() + within
        while not condition():
            assert monotonic() < until, (
                f"the sink waited in vain: {self.stats() if self._process else 'stopped'}"
            )
            sleep(0.01)

    def play(self, script: Script) -> None:
        """Change the script, also for connections that are open."""
        self._script = script
        self._order({"play": script.to_json()})

    def release(self) -> None:
        """Let go of the replies that are held now."""
        self._order({"release": True})

    def stats(self) -> Stats:
        return Stats(**self._order({"stats": True}))

    def start(self) -> None:
        """Start the process; a sink that was stopped comes back on its port and goes on with its record."""
        assert self._process is None, "the sink runs"
        self._script_file.write_text(self._script.dumps(), "utf-8")
        command = [sys.executable, "-m", "tests.support.sink", "--orders", *self._options]
        command += [
            "--port",
            str(self.port),
            "--record",
            str(self.record),
            "--script",
            str(self._script_file),
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        self.port = self._answer()["port"]

    def stop(self) -> None:
        """End the process, and with it all connections."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.communicate(timeout=30)

    def complaints(self) -> str:
        """What the process wrote of its own trouble; nothing when it works."""
        return self._log.read_text("utf-8", "replace")

    def _order(self, order: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            assert self._process is not None, "the sink is stopped"
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the sink ended by itself: {self.complaints()}"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def running_sink(
    script: Script | None = None,
    port: int = 0,
    fast: bool = False,
    folder: Path | None = None,
    keep: bool = False,
) -> Iterator[Sink]:
    """A sink while the block runs; `fast` has no rules, `keep` keeps whole messages."""
    with tempfile.TemporaryDirectory(prefix="nl-sink-") as temporary:
        home = folder or Path(temporary)
        home.mkdir(parents=True, exist_ok=True)
        options = ["--fast"] * fast
        if keep:
            options += ["--keep", str(home / "letters")]
        sink = Sink(script or Script(), port, options, home)
        try:
            sink.start()
            yield sink
        finally:
            sink.stop()
        assert not sink.complaints(), sink.complaints()
