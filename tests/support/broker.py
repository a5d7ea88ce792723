"""A broker of a test's own, to be shot at."""

import signal
import subprocess
from pathlib import Path

import redis

from newsletter.jobs import find_redis_server
from tests.support.stack import wait_for


class Broker:
    """A Redis-compatible server that can be killed and started anew, empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "broker.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"unix://{self._path}"

    def start(self) -> None:
        binary = find_redis_server()
        assert binary is not None
        command = [str(binary), "--port", "0", "--unixsocket", str(self._path), "--dir", str(self._folder)]
        self._path.unlink(missing_ok=True)
        self._process = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
        wait_for(self._answers)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """Answer nobody any more, and refuse nobody either."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with redis.Redis(unix_socket_path=str(self._path)) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

    def flush(self) -> None:
        with redis.Redis(unix_socket_path=str(self._path)) as client:
            client.flushall()
