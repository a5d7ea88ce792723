"""The quick start's processes: broker, catcher, web, workers."""

import socket
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from newsletter.cli.processes import Processes, require_free_port
from newsletter.cli.status import count_workers
from newsletter.domain.errors import NewsletterError
from newsletter.jobs import find_redis_server
from newsletter.settings import Settings, load_settings, secret_of
from newsletter.wiring import House, wire

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """Where the quick start listens."""

    web: int = 8000
    smtp: int = 1025
    inbox: int = 8025


@dataclass(frozen=True)
class Stack:
    """What is to be started: by these settings, on these ports, with so many workers."""

    settings: Settings
    ports: Ports
    catches: bool
    workers: int = 1

    def environment(self) -> dict[str, str]:
        """The settings as the children need them."""
        settings = self.settings
        return {
            "NEWSLETTER_DATABASE_URL": settings.sqlalchemy_url,
            "NEWSLETTER_REDIS_URL": settings.redis_url,
            "NEWSLETTER_SMTP_URL": settings.smtp_url.get_secret_value(),
            "NEWSLETTER_SECRET_KEY": secret_of(settings),
            "NEWSLETTER_SITE_URL": settings.site_url,
            "NEWSLETTER_DATA_DIR": str(settings.data_dir.absolute()),
            "NEWSLETTER_RATE_LIMITS": str(settings.rate_limits),
        }


def complete(settings: Settings, ports: Ports, run_folder: Path, *, catches: bool) -> Settings:
    """Fill in what the quick start brings along: a broker, a catcher, an address."""
    values = dict(settings.model_dump())
    if not settings.redis_url and find_redis_server() is not None:
        values["redis_url"] = f"unix://{run_folder / 'broker.sock'}"
    if catches:
        values["smtp_url"] = f"smtp://{HOST}:{ports.smtp}"
    if "site_url" not in settings.model_fields_set:
        values["site_url"] = f"http://localhost:{ports.web}"
    return load_settings(**values)


def run_folder() -> "tempfile.TemporaryDirectory[str]":
    """A short-lived folder with a short name: the path of a socket has room for 107 characters."""
    return tempfile.TemporaryDirectory(prefix="newsletter-", ignore_cleanup_errors=True)


def require_free_ports(ports: Ports) -> None:
    """Raise BadSetting when somebody else listens on one of them."""
    require_free_port(HOST, ports.web, "the site")
    require_free_port(HOST, ports.smtp, "the mail catcher")
    require_free_port(HOST, ports.inbox, "the inbox")


def start(stack: Stack, processes: Processes) -> House:
    """Start everything and wait until it answers."""
    house, environment = wire(stack.settings), stack.environment()
    socket_path = stack.settings.redis_url.removeprefix("unix://")
    if stack.settings.redis_url.startswith("unix://") and not Path(socket_path).exists():
        _start_broker(stack, processes, Path(socket_path))
    if stack.catches:
        _start_catcher(stack, processes, environment)
    require_free_port(HOST, stack.ports.web, "the site")
    processes.start("web", web_command(stack.settings, HOST, stack.ports.web), environment)
    for number in range(1, stack.workers + 1):
        processes.start(f"worker-{number}", worker_command(), environment)
    processes.wait_until(lambda: _answers(f"http://{HOST}:{stack.ports.web}/readyz"), "The site")
    processes.wait_until(lambda: _workers_alive(house) >= max(1, stack.workers), "The worker")
    return house


def web_command(settings: Settings, host: str, port: int) -> list[str]:
    """The web server as a command."""
    command = [sys.executable, "-m", "gunicorn", "newsletter.wsgi:app", "--bind", f"{host}:{port}"]
    command += ["--worker-class", "gthread", "--workers", str(settings.web_processes)]
    command += ["--threads", str(settings.web_threads), "--log-level", "warning", "--graceful-timeout", "10"]
    return command


def worker_command() -> list[str]:
    """A worker as a command."""
    command = [sys.executable, "-m", "celery", "-A", "newsletter.worker", "worker", "--loglevel", "warning"]
    return [*command, "--without-gossip", "--without-mingle", "--without-heartbeat"]


def _start_broker(stack: Stack, processes: Processes, path: Path) -> None:
    binary = find_redis_server()
    assert binary is not None
    folder = stack.settings.data_dir / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(binary), "--port", "0", "--unixsocket", str(path), "--dir", str(folder)]
    # Bells may be lost, but need not be: keep them over a restart.
    command += ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]
    processes.start("broker", command, {})
    processes.wait_until(lambda: _listens(path), "The broker")


def _start_catcher(stack: Stack, processes: Processes, environment: dict[str, str]) -> None:
    ports = stack.ports
    require_free_port(HOST, ports.smtp, "the mail catcher")
    require_free_port(HOST, ports.inbox, "the inbox")
    command = [sys.executable, "-m", "newsletter.catcher", "--folder", str(inbox_folder(stack.settings))]
    command += ["--host", HOST, "--smtp-port", str(ports.smtp), "--http-port", str(ports.inbox)]
    processes.start("catcher", command, environment)
    processes.wait_until(lambda: _answers(f"http://{HOST}:{ports.inbox}/"), "The mail catcher")


def inbox_folder(settings: Settings) -> Path:
    """Where the catcher keeps its mail."""
    return settings.data_dir.absolute() / "inbox"


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _workers_alive(house: House) -> int:
    try:
        with house.database.reading() as session:
            return count_workers(session, timedelta(seconds=3 * house.settings.sweep_every))
    except NewsletterError:
        return 0
