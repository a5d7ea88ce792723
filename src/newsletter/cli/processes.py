"""Starting other processes and stopping them again: none is left behind."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType

import click

from newsletter.domain.errors import BadSetting

_PR_SET_PDEATHSIG = 1
PORT = click.IntRange(1, 65535)


class Processes:
    """Child processes, stopped in the opposite order of their start."""

    def __init__(self, logs: Path | None = None) -> None:
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []
        self._files = ExitStack()

    def __enter__(self) -> "Processes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a process; it ends when we do, even if we are killed (on Linux)."""
        output = None
        if self._logs is not None:
            self._logs.mkdir(parents=True, exist_ok=True)
            output = self._files.enter_context((self._logs / f"{name}.log").open("ab"))
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C goes to us alone; we stop the others in order.
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 (we start before threads)
        )
        self._running.append((name, process))

    def wait_until(self, ready: Callable[[], bool], what: str, within: float = 60) -> None:
        """Wait for a condition. Raises BadSetting when a process ends first or it takes too long."""
        until = monotonic() + within
        while not ready():
            self.check()
            if monotonic() > until:
                raise BadSetting(f"{what} did not come up within {within:.0f} seconds.{self._where()}")
            sleep(0.05)

    def check(self) -> None:
        """Raise BadSetting when a process has ended by itself."""
        for name, process in self._running:
            if process.poll() is not None:
                raise BadSetting(
                    f"The {name} process ended with status {process.returncode}.{self._tail(name)}"
                )

    def watch(self) -> None:
        """Stay until a process ends or we are asked to stop (SIGINT, SIGTERM)."""
        stop = False

        def on_signal(_number: int, _frame: object) -> None:
            nonlocal stop
            stop = True

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            while not stop:
                self.check()
                sleep(0.2)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def stop(self) -> None:
        """Ask each to end, the youngest first; those that do not are killed."""
        while self._running:
            _name, process = self._running.pop()
            process.terminate()
            try:
                process.wait(timeout=35)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._files.close()

    def _where(self) -> str:
        return f" Look into {self._logs}." if self._logs else ""

    def _tail(self, name: str) -> str:
        if self._logs is None:
            return ""
        lines = (self._logs / f"{name}.log").read_text("utf-8", "replace").strip().splitlines()
        return f" It said: {lines[-1]}" if lines else ""


def require_free_port(host: str, port: int, what: str) -> None:
    """Raise BadSetting when somebody else listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            sentence = f"Port {port} for {what} is not free ({error.strerror})."
            raise BadSetting(f"{sentence} Stop what uses it, or choose another port.") from error


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
