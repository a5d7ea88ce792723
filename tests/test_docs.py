"""The documents say what is there, and nothing that is not."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from newsletter.cli import main
from newsletter.publishing.preflight.inspecting import CHECKS
from newsletter.settings import Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_every_setting_is_explained() -> None:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    named = set(re.findall(r"^\| `(\w+)`", text, flags=re.MULTILINE))
    well_known = {"DATABASE_URL", "REDIS_URL", "SMTP_URL", "SECRET_KEY"}

    settings = {name.upper() for name in Settings.model_fields}

    assert named == {name if name in well_known else f"NEWSLETTER_{name}" for name in settings}


def test_every_default_is_the_one_that_holds() -> None:
    text = (ROOT / "docs" / "settings.md").read_text("utf-8")
    rows = re.findall(r"^\| `NEWSLETTER_(\w+)` \| `([^`]*)` \|", text, flags=re.MULTILINE)
    assert rows

    for name, written in rows:
        default = Settings.model_fields[name.lower()].default
        spoken = json.dumps(default) if isinstance(default, bool | tuple) else f"{default}".removesuffix(".0")
        assert re.sub(r"\.0\b", "", spoken) == written, name


def test_every_command_is_in_the_readme_or_the_operations_page() -> None:
    text = (ROOT / "README.md").read_text("utf-8") + (ROOT / "docs" / "operations.md").read_text("utf-8")

    for name in main.commands:
        assert f"newsletter {name}" in text, name


def test_every_check_before_sending_is_explained() -> None:
    text = (ROOT / "docs" / "letters.md").read_text("utf-8")
    table = text[text.index("## What is checked") : text.index("## Signing")]

    assert set(re.findall(r"`([a-z]+(?:-[a-z0-9]+)*)`", table)) >= {check.id for check in CHECKS}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target


def test_every_room_is_described() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = {path.name for path in (ROOT / "src" / "newsletter").iterdir() if (path / "__init__.py").exists()}

    assert {room for room in rooms if f"`{room}/`" not in text} == set()


def test_no_committed_file_names_a_package_index_or_a_place_on_somebodys_machine() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, tracked):
        if (ROOT / name).suffix not in {".png", ".ico"} and name != "tests/test_docs.py":
            text = (ROOT / name).read_text("utf-8")
            assert not re.search(r"pypi\.org|pythonhosted\.org|/(home|Users)/\w+/", text), name
