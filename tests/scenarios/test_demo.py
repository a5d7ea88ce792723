"""`newsletter demo --once` on what a machine brings, and on PostgreSQL and Redis with workers apart."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from newsletter.database import Database
from newsletter.migrations import upgrade
from newsletter.settings import Settings
from tests.conftest import SECRET
from tests.support.ports import free_port
from tests.support.postgres import Postgres
from tests.support.stack import ROOT, workers

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LONG_LETTER = Path(__file__).parent.parent / "samples" / "long-letter.md"


def demo(*arguments: str, folder: Path, **environment: str) -> dict[str, float]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", "demo", "--once", "--json", *arguments],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    assert list(result) == ["audience", "accepted", "failed", "skipped", "uncertain", "caught", "seconds"]
    return result


@pytest.mark.long
def test_a_thousand_letters_on_nothing_but_python(tmp_path: Path) -> None:
    result = demo("--subscribers", "1000", folder=tmp_path)

    assert result["audience"] == result["accepted"] == result["caught"] == 1000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_a_long_post_of_ones_own(tmp_path: Path) -> None:
    result = demo("--subscribers", "3", "--post", str(LONG_LETTER), folder=tmp_path)

    assert result["caught"] == 3


@pytest.mark.long
def test_a_thousand_letters_on_postgresql_and_redis_with_two_workers_from_celery(
    postgres: Postgres, broker: str, tmp_path: Path
) -> None:
    url, smtp_port = postgres.url(postgres.create()), free_port()
    environment = {
        "DATABASE_URL": url,
        "REDIS_URL": broker,
        "SECRET_KEY": SECRET,
        "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "NEWSLETTER_SITE_URL": "http://localhost",
    }
    database = Database(Settings(database_url=url).sqlalchemy_url)
    upgrade(database.engine)
    database.close()
    with workers() as start:
        for number in range(2):
            start(environment, tmp_path / f"worker-{number}.log")
        result = demo(
            "--subscribers",
            "1000",
            "--workers",
            "0",
            "--smtp-port",
            str(smtp_port),
            folder=tmp_path,
            **environment,
        )

    assert result["audience"] == result["accepted"] == result["caught"] == 1000


def test_the_wheel_holds_all_that_the_demo_needs(tmp_path: Path) -> None:
    """With the libraries at hand; `make chaos` installs them as a stranger would."""
    with zipfile.ZipFile(build_wheel(tmp_path)) as wheel:
        wheel.extractall(tmp_path / "wheel")

    result = demo("--subscribers", "50", folder=tmp_path, PYTHONPATH=str(tmp_path / "wheel"))

    assert result["caught"] == 50


def build_wheel(folder: Path) -> Path:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


@pytest.mark.long
def test_the_wheel_alone_runs_the_demo_elsewhere(tmp_path: Path) -> None:
    site = tmp_path / "elsewhere"
    subprocess.run([sys.executable, "-m", "venv", str(site)], check=True)
    pip = [str(site / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / "requirements.lock")], check=True)
    subprocess.run([*pip, "--no-deps", str(build_wheel(tmp_path))], check=True)

    done = subprocess.run(
        [str(site / "bin" / "newsletter"), "demo", "--once", "--json", "--subscribers", "50"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["caught"] == 50
