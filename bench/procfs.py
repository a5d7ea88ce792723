"""What processes cost, read from /proc: CPU seconds and peak memory of a process and its children."""

import os
from collections.abc import Iterator
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> Iterator[int]:
    """A process and all its living descendants."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from family(int(child))


def cpu_seconds(pid: int) -> float:
    """CPU that a process, its living descendants and its dead children used, in seconds."""
    return sum(_cpu(each, with_dead=True) for each in family(pid))


def peak_rss_mb(pid: int) -> float:
    """The largest resident memory that a process of the family ever had, in MB."""
    return max(_peak_kb(each) for each in family(pid)) / 1024


def rss_mb(pid: int) -> float:
    """The resident memory of one process now, in MB; 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2


def _cpu(pid: int, *, with_dead: bool) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    used = fields[11:15] if with_dead else fields[11:13]
    return sum(int(ticks) for ticks in used) / _TICKS


def _peak_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
