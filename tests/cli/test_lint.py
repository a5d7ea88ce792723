"""`newsletter lint`: files, standard input, and what it says of them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli import main
from tests.cli.conftest import Run
from tests.mail.test_lint_letters import GOOD, swapped

DATELESS = swapped("Date: Mon, 04 May 2026 12:30:15 +0000\n", "")


@pytest.fixture
def folder(run: Run) -> Path:
    """The folder in which commands run, with a good letter and a flawed one."""
    Path("good.eml").write_bytes(GOOD)
    Path("flawed.eml").write_bytes(DATELESS.replace(b"letter.\r\n", b"letter. \r\n"))
    return Path.cwd()


def test_a_good_letter_is_clean(run: Run, folder: Path) -> None:
    result = run("lint", "good.eml")

    assert (result.exit_code, result.output) == (0, "Clean.\n")


def test_every_flaw_has_a_line_with_its_place_and_its_rule(run: Run, folder: Path) -> None:
    result = run("lint", "good.eml", "flawed.eml")

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "flawed.eml:0 header-count There is no Date.",
        "flawed.eml:18 quoted-printable The line ends with a space, which may be lost on the way.",
    ]


def test_programs_get_one_object_a_flaw(run: Run, folder: Path) -> None:
    result = run("lint", "--json", "flawed.eml")

    first, second = (json.loads(line) for line in result.output.splitlines())
    assert result.exit_code == 1
    assert first == {
        "file": "flawed.eml",
        "line": 0,
        "rule": "header-count",
        "message": "There is no Date.",
    }
    assert second["line"] == 18


def test_programs_get_nothing_of_a_good_letter(run: Run, folder: Path) -> None:
    result = run("lint", "--json", "good.eml")

    assert (result.exit_code, result.output) == (0, "")


def test_a_letter_may_come_from_standard_input() -> None:
    result = CliRunner().invoke(main, ["lint", "-"], input=DATELESS)

    assert (result.exit_code, result.output) == (1, "-:0 header-count There is no Date.\n")


@pytest.mark.parametrize(
    ("name", "says"),
    [("nothing.eml", "nothing.eml: No such file or directory."), (".", ".: Is a directory.")],
)
def test_a_file_that_cannot_be_read_gets_a_sentence(run: Run, folder: Path, name: str, says: str) -> None:
    result = run("lint", "good.eml", name)

    assert (result.exit_code, result.output) == (1, f"Error: {says}\n")


def test_a_file_must_be_named(run: Run) -> None:
    result = run("lint")

    assert result.exit_code == 2
    assert "Missing argument 'FILE.eml...'" in result.output
