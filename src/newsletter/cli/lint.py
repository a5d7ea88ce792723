"""`newsletter lint`: is a message fit to leave?"""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from newsletter.domain.errors import BadInput
from newsletter.mail.lint import lint as flaws_of

_STDIN = Path("-")


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE.eml...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One object of JSON a flaw.")
def lint(files: tuple[Path, ...], as_json: bool) -> None:
    """Check messages byte by byte, as they leave; ends with 1 when there is a flaw. The file - is stdin.

    \b
    Examples: newsletter lint letter.eml
              newsletter lint --json - < letter.eml
    """
    messages = [(file, _read(file)) for file in files]
    found = [(file, flaw) for file, raw in messages for flaw in flaws_of(raw)]
    for file, flaw in found:
        if as_json:
            click.echo(json.dumps({"file": str(file), **asdict(flaw)}))
        else:
            click.echo(f"{file}:{flaw.line} {flaw.rule} {flaw.message}")
    if not found and not as_json:
        click.echo("Clean.")
    sys.exit(1 if found else 0)


def _read(file: Path) -> bytes:
    """The bytes of a message. Raises BadInput with the file and the cause."""
    if file == _STDIN:
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}.") from error
