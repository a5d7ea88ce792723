"""How long one reader's letter takes to merge: `python -m bench.merge --json`."""

import argparse
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter_ns, time

from newsletter.domain.identifiers import public_id_from
from newsletter.domain.links import Links, SectionLinks
from newsletter.domain.tokens import keyring_from
from newsletter.models import Identity, Post, Publication, Section
from newsletter.publishing.letters import Edition, Imprint, Merger, Reader, compose_letter, values_for
from newsletter.rendering.compose import Composer
from newsletter.rendering.plan import Plan

TEMPLATES = Path(__file__).parent.parent / "templates" / "email"
LINKS = Links("https://letters.example.org", keyring_from("a secret for measuring only"))
END = "campaign@example.org"
PARAGRAPH = (
    "Three mail servers disagreed about the hour, and nobody in the house minded; letters keep a time of "
    "their own, and this one was in no hurry at all to be anywhere before the morning came.\n\n"
)
NAMES = {
    "ascii": "Ann Reader {}",
    "nameless": "",
    "latin": "Zoë Müller {}",
    "japanese": "漢字太郎 {}",
}
"""Names by how they must be written."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measured(options.readers, options.runs)
    if options.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name:32} {figure}")


def measured(count: int, runs: int) -> dict[str, float]:
    """Microseconds a letter, over distinct readers; the best of several runs, for machines are noisy."""
    section = Section(name="Mail", slug="mail", public_id=public_id_from(b"section!"))
    plan = sample_plan(section)
    merger = Merger(plan, SectionLinks(LINKS, section.public_id), Imprint(END, "letters@example.org"))

    def plain_way(reader: Reader) -> bytes:
        message_id = f"{reader.public_id}.{END}"
        return plan.merge(values_for(LINKS, section.public_id, reader, message_id, datetime.now(UTC)))

    def merged(reader: Reader) -> bytes:
        return b"".join(merger.letter(reader, time()).pieces)

    figures: dict[str, float] = {"letter_bytes": len(merged(sample_readers("Ann", 1)[0]))}
    for kind, name in NAMES.items():
        readers = sample_readers(name, count)
        suffix = "" if kind == "ascii" else f"_{kind}"
        merger_us, plain_us = best_of(runs, (merged, plain_way), readers)
        figures[f"us_per_letter{suffix}"] = merger_us
        figures[f"us_per_letter_plain_way{suffix}"] = plain_us
    return figures


def best_of(
    runs: int, ways: Sequence[Callable[[Reader], bytes]], readers: Sequence[Reader]
) -> Sequence[float]:
    """The ways take turns, so that a noisy moment does not fall on one of them alone."""
    best = [float("inf")] * len(ways)
    for _ in range(runs):
        for index, way in enumerate(ways):
            begun = perf_counter_ns()
            for reader in readers:
                way(reader)
            best[index] = min(best[index], (perf_counter_ns() - begun) / len(readers) / 1000)
    return [round(each, 2) for each in best]


def sample_readers(name: str, count: int) -> Sequence[Reader]:
    """Readers that differ in everything."""
    return [
        Reader(f"reader{number}@example.net", name.format(number), public_id_from(number.to_bytes(8, "big")))
        for number in range(count)
    ]


def sample_plan(section: Section) -> Plan:
    """A letter of some 15 KB with twelve holes."""
    publication = Publication(
        name="Return Path",
        public_id=public_id_from(b"the page"),
        sender_name="Return Path",
        sender_address="letters@example.org",
        list_domain="example.org",
        postal_address="12 Sample Street",
        locale="en",
        accent="#1f5f5b",
        look={},
    )
    markdown = "Hello {{ name | there }},\n\n" + PARAGRAPH * 18
    post = Post(
        public_id=public_id_from(b"the post"),
        title="A letter",
        slug="a-letter",
        subtitle="",
        markdown=markdown,
    )
    post.author = Identity(name="Mara Lindqvist")
    return compose_letter(Composer([TEMPLATES]), LINKS, Edition(publication, section, post))


if __name__ == "__main__":
    main()
