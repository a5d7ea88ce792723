"""docker-compose.yml is valid, complete and holds no secret."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FILE = ROOT / "docker-compose.yml"


@pytest.fixture(scope="module")
def compose() -> Any:
    return yaml.safe_load(FILE.read_text("utf-8"))


def test_the_file_follows_the_compose_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_there_and_watched(compose: Any) -> None:
    assert set(compose["services"]) == {"proxy", "web", "worker", "postgres", "redis", "catcher"}
    assert all("healthcheck" in service for service in compose["services"].values())


def test_no_secret_stands_in_the_file() -> None:
    for name, value in re.findall(r"(\w*(?:PASSWORD|SECRET|KEY)\w*): (.*)", FILE.read_text("utf-8")):
        assert re.fullmatch(r"\$\{\w+:-\}", value), name


def test_no_secret_stands_in_the_example() -> None:
    for line in (ROOT / ".env.example").read_text("utf-8").splitlines():
        if re.match(r"#?(POSTGRES_PASSWORD|SECRET_KEY)=", line):
            assert line.endswith("=")


def test_the_image_copies_what_the_build_needs() -> None:
    copied = (ROOT / "Dockerfile").read_text("utf-8")
    allowed = (ROOT / ".dockerignore").read_text("utf-8")

    for name in ("requirements.lock", "pyproject.toml", "README.md", "LICENSE", "src", "templates"):
        assert name in copied
        assert f"!{name}" in allowed
