"""What the checks found, and whether it may be sent all the same."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from newsletter.domain.errors import NotReady

ALL = "all"
"""Accepts every warning there is."""


class Severity(StrEnum):
    """What a finding means for sending: never, only if accepted, or nothing."""

    BLOCK = "block"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing that a check found: what is wrong, where, and how to mend it."""

    check: str
    severity: Severity
    message: str
    mend: str
    where: str = ""


@dataclass(frozen=True)
class Report:
    """All findings, the gravest first."""

    findings: Sequence[Finding]
    checked: int

    def of(self, severity: Severity) -> Sequence[Finding]:
        """The findings of one severity."""
        return [finding for finding in self.findings if finding.severity == severity]

    def by_check(self) -> Sequence[Sequence[Finding]]:
        """The findings of each check together, in the order of the first ones."""
        checks: dict[str, list[Finding]] = {}
        for finding in self.findings:
            checks.setdefault(finding.check, []).append(finding)
        return list(checks.values())

    def refuse_unless(self, accepted: Collection[str]) -> None:
        """Raise NotReady for what blocks, and for warnings whose checks were not accepted."""
        blocks = self.of(Severity.BLOCK)
        if blocks:
            raise NotReady("This post cannot be sent yet.\n" + "\n".join(_lines(blocks)))
        open_ones = [each for each in self.of(Severity.WARNING) if not {each.check, ALL} & set(accepted)]
        if open_ones:
            raise NotReady("Look at these first, then mend or accept them.\n" + "\n".join(_lines(open_ones)))

    def as_json(self) -> dict[str, Any]:
        """The report for other programs."""
        return {
            "ready": not self.of(Severity.BLOCK),
            "checked": self.checked,
            "findings": [asdict(finding) for finding in self.findings],
        }


def sort_findings(findings: Sequence[Finding]) -> Sequence[Finding]:
    """The gravest first; those of one gravity as they were found."""
    return sorted(findings, key=lambda finding: list(Severity).index(finding.severity))


def _lines(findings: Sequence[Finding]) -> Iterator[str]:
    for each in findings:
        where = f"{each.where}: " if each.where else ""
        yield f"- {each.check}: {where}{each.message} {each.mend}"
