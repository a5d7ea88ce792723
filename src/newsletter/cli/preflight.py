"""`newsletter preflight`: what stands in the way of sending a post, and what is worth a second look."""

import json
from pathlib import Path

import click

from newsletter.cli.house import open_house
from newsletter.cli.publishing import Manuscript, unsaved
from newsletter.publishing.files import read_post_file
from newsletter.publishing.letters import Edition
from newsletter.publishing.posts import find_post_named
from newsletter.publishing.preflight.report import Finding, Report, Severity
from newsletter.publishing.publications import the_publication
from newsletter.wiring import House

_SIGNS = {Severity.BLOCK: "✗ stops", Severity.WARNING: "! warning", Severity.NOTE: "· note"}


@click.command()
@click.argument("post")
@click.option("--section", default="", help="For a file: the section's short name, if the file names none.")
@click.option("--json", "as_json", is_flag=True, help="Print for other programs.")
def preflight(post: str, section: str, as_json: bool) -> None:
    """Check a post as it would be mailed. POST is a Markdown file, a post's id or its name in addresses.

    \b
    Examples: newsletter preflight letter.md --section letters
              newsletter preflight the-dot-at-the-end --json
    """
    with open_house() as house:
        edition = _edition(house, post, section)
        report = house.inspector.inspect(edition, house.now()).report
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        _print(report)
    if report.of(Severity.BLOCK):
        click.get_current_context().exit(1)


def _edition(house: House, wanted: str, section: str) -> Edition:
    if wanted.endswith((".md", ".markdown")):
        return unsaved(house, Manuscript(read_post_file(Path(wanted)), section))
    with house.database.reading() as session:
        publication = the_publication(session)
        post = find_post_named(session, publication.id, wanted)
        return Edition(publication, post.section, post)


def _print(report: Report) -> None:
    for finding in report.findings:
        _print_one(finding)
    counts = {severity: len(report.of(severity)) for severity in Severity}
    found = ", ".join(
        f"{count} {severity}{'s' * (count != 1)}" for severity, count in counts.items() if count
    )
    click.echo(f"{report.checked} checks: {found or 'nothing to mend'}.")


def _print_one(finding: Finding) -> None:
    where = f" ({finding.where})" if finding.where else ""
    click.echo(f"{_SIGNS[finding.severity]:<10} {finding.check}{where}")
    click.echo(f"           {finding.message}\n           {finding.mend}\n")
