"""A PostgreSQL of the tests' own: in a temporary folder, on a unix socket, by an unprivileged user."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

import psycopg
from psycopg import sql

_ROOM = 2_000_000_000


class Postgres:
    """A running server; hands out fresh databases copied from templates."""

    def __init__(self, socket_folder: Path, crash: Callable[[], None], start: Callable[[], None]) -> None:
        self.crash = crash
        """Stop it without a word to anybody."""
        self.start = start
        self._socket_folder = socket_folder
        self._count = 0
        self._admin: psycopg.Connection | None = None

    def restart(self) -> None:
        """Crash, and come back."""
        self.crash()
        self.start()

    @property
    def folder(self) -> Path:
        """Where its socket is."""
        return self._socket_folder

    @property
    def pid(self) -> int:
        """The server's first process."""
        return int((self._socket_folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def url(self, name: str, door: Path | None = None) -> str:
        return f"postgresql://postgres@/{name}?host={quote(str(door or self._socket_folder), safe='')}"

    @contextmanager
    def door(self) -> Iterator[Path]:
        """One more way to the server, which nobody finds afterwards."""
        self._count += 1
        door = self._socket_folder / f"door_{self._count}"
        door.symlink_to(self._socket_folder)
        try:
            yield door
        finally:
            door.unlink()

    def create(self, template: str = "template1") -> str:
        self._count += 1
        name = f"test_{self._count}"
        names = sql.Identifier(name), sql.Identifier(template)
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}" + self._strategy()).format(*names))
        return name

    def drop(self, name: str) -> None:
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def close(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def _strategy(self) -> LiteralString:
        """Copying files takes half as long as writing them through the log; older servers do so anyway."""
        return " STRATEGY FILE_COPY" if self._connected().info.server_version >= 150_000 else ""

    def _connected(self) -> psycopg.Connection:
        if self._admin is None or self._admin.closed:
            self._admin = psycopg.connect(self.url("postgres"), autocommit=True)
        return self._admin

    def _run(self, statement: sql.Composed) -> None:
        try:
            self._connected().execute(statement)
        except psycopg.OperationalError:  # the server has crashed since, on purpose
            self.close()
            self._connected().execute(statement)


@contextmanager
def running_postgres(*, durable: bool = False, more: str = "") -> Iterator[Postgres]:
    """Start a server and stop it again. Not durable means faster, and lost by a crash of the machine only.

    `more` are further options of the server.
    """
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="nl-pg-", dir=None if durable else in_memory()))
    data = folder / "data"
    try:
        if user is not None:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        initdb = [
            _binary("initdb"),
            "-D",
            str(data),
            "-U",
            "postgres",
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
        ]
        _as(user, [*initdb, "--locale", "C.UTF-8"], folder)
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=60 {more}"
        if not durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
            options += " -c wal_level=minimal -c max_wal_senders=0 -c checkpoint_timeout=1h"
        control = [_binary("pg_ctl"), "-D", str(data), "-w", "-s", "-l", str(folder / "log")]

        def start() -> None:
            _as(user, [*control, "-o", options, "start"], folder)

        def crash() -> None:
            _as(user, [*control, "-m", "immediate", "stop"], folder)

        start()
        server = Postgres(folder, crash, start)
        try:
            yield server
        finally:
            server.close()
            crash()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as(user: str | None, command: list[str], folder: Path) -> None:
    done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stderr or done.stdout}")


def in_memory() -> str | None:
    """A folder that no disk slows down, where there is room: thousands of databases come and go."""
    folder = Path("/dev/shm")
    has_room = folder.is_dir() and shutil.disk_usage(folder).free > _ROOM and os.access(folder, os.W_OK)
    return str(folder) if has_room else None


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "postgres" if os.geteuid() == 0 else None


def _binary(name: str) -> str:
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / name).is_file():
            return str(folder / name)
    found = shutil.which(name)
    if found is None:
        raise RuntimeError(f"{name} is not here: run scripts/needs postgresql")
    return found
