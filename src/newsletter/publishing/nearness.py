"""Posts that somebody may have meant who came to an address where there is none."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from sqlalchemy.orm import Session

from newsletter.publishing.archive import titles_by_address

_NEWEST = 1000
_NEAR = 0.6
_SHOWN = 3


def near_posts(session: Session, publication_id: int, wanted: str) -> Sequence[tuple[str, str]]:
    """Name in addresses and title of the listed posts whose address is most like this one."""
    wanted = wanted.lower()[:150]
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    likely = []
    for slug, title in titles_by_address(session, publication_id, _NEWEST):
        matcher.set_seq1(slug)
        near = _overlap(slug, wanted)
        if matcher.real_quick_ratio() > _NEAR and matcher.quick_ratio() > _NEAR:
            near = max(near, matcher.ratio())
        if near >= _NEAR:
            likely.append((near, slug, title))
    likely.sort(key=lambda each: -each[0])
    return [(slug, title) for _near, slug, title in likely[:_SHOWN]]


def _overlap(one: str, other: str) -> float:
    """How many of the fewer words stand in the other one too; single words say little."""
    first, second = set(one.split("-")), set(other.split("-"))
    fewer = min(len(first), len(second))
    return len(first & second) / fewer if fewer > 1 else 0.0
