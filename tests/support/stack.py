"""Real processes for scenarios: a broker, workers started as operators start them."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from pydantic import SecretStr

from newsletter.cli.processes import Processes
from newsletter.jobs import find_redis_server
from newsletter.settings import Settings

ROOT = Path(__file__).parent.parent.parent
_LAST_WORDS = 20_000


@contextmanager
def running_broker() -> Iterator[str]:
    """A Redis-compatible server on a unix socket; yields its address."""
    binary = find_redis_server()
    assert binary is not None
    with tempfile.TemporaryDirectory(prefix="nl-") as folder, Processes(Path(folder)) as processes:
        path = Path(folder) / "broker.sock"
        processes.start(
            "broker", [str(binary), "--port", "0", "--unixsocket", str(path), "--dir", folder], {}
        )
        processes.wait_until(path.exists, "The broker")
        yield f"unix://{path}"


class Worker:
    """`celery -A worker worker`, in a process group of its own."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._log = log
        app = os.environ.get("APP", "worker")  # Celery's own variable for it
        command = [sys.executable, "-m", "celery", "-A", app, "worker", "--loglevel", "warning"]
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, "PYTHONFAULTHANDLER": "1", **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The parent process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would: parent and children at once."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self, within: float = 40) -> int:
        """Ask it to end, as an operator does. Returns its exit status; one that hangs says where."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired as error:
            os.killpg(self.pid, signal.SIGABRT)  # each process writes its threads' stacks into the log
            self._process.wait()
            words = self._log.read_text("utf-8", "replace")[-_LAST_WORDS:]
            raise AssertionError(f"the worker did not end within {within:g} seconds:\n{words}") from error


@contextmanager
def workers() -> Iterator[Callable[[Mapping[str, str], Path], Worker]]:
    """Starts workers; whatever is still there at the end is killed."""
    started: list[Worker] = []

    def start(environment: Mapping[str, str], log: Path) -> Worker:
        started.append(Worker(environment, log))
        return started[-1]

    try:
        yield start
    finally:
        for worker in started:
            worker.kill()


def environment_of(settings: Settings, **more: object) -> dict[str, str]:
    """The settings as a worker's environment."""
    values = {name: getattr(settings, name) for name in settings.model_fields_set}
    return {f"NEWSLETTER_{name.upper()}": _written(value) for name, value in {**values, **more}.items()}


def _written(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return json.dumps({name: _written(each) for name, each in value.items()})
    return json.dumps(value) if isinstance(value, tuple | list) else str(value)


def wait_for(condition: Callable[[], bool], within: float = 60) -> None:
    """Wait until something is so."""
    until = monotonic() + within
    while not condition():
        assert monotonic() < until, "it never came to be so"
        sleep(0.05)
