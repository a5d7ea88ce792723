"""Keys that sign letters: made, shown, and used from the next start."""

import stat
from pathlib import Path

from newsletter.mail.dkim.key_folder import load_keys
from tests.cli.conftest import Run


def test_a_key_is_made_and_its_record_printed(run: Run, tmp_path: Path) -> None:
    result = run("dkim", "new", "Example.org", "--selector", "n1")

    (key,) = load_keys(tmp_path / "var" / "dkim")["example.org"]
    path = tmp_path / "var" / "dkim" / "example.org" / "n1.pem"
    assert result.exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Name   n1._domainkey.example.org\nType   TXT\nValue  v=DKIM1; k=rsa; p=" in result.output
    assert key.dns_record in result.output
    assert "PRIVATE" not in result.output


def test_a_key_is_named_after_the_day_unless_told(run: Run) -> None:
    assert "Name   n20" in run("dkim", "new", "example.org").output


def test_a_key_is_never_written_over(run: Run) -> None:
    run("dkim", "new", "example.org", "--selector", "n1")

    result = run("dkim", "new", "example.org", "--selector", "n1")

    assert result.exit_code == 1
    assert "n1" in result.output


def test_a_short_key_wants_a_long_one_beside_it(run: Run) -> None:
    alone = run("dkim", "new", "example.org", "--selector", "e1", "--ed25519")
    run("dkim", "new", "example.org", "--selector", "n1")
    shown = run("dkim", "show")

    assert "Make an RSA key too" in alone.output
    assert "e1._domainkey.example.org" in shown.output
    assert "n1._domainkey.example.org" in shown.output
    assert "k=ed25519" in shown.output


def test_without_keys_nothing_is_signed(run: Run) -> None:
    assert "There are no keys" in run("dkim", "show").output


def test_a_domain_must_be_one(run: Run) -> None:
    result = run("dkim", "new", "not a domain")

    assert result.exit_code == 1
    assert "Error:" in result.output
