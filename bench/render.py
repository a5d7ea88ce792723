"""How large a long letter is as mailed, and how long rendering takes: `python -m bench.render --json`."""

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter

from bench.merge import LINKS, TEMPLATES, sample_readers
from newsletter.domain.identifiers import public_id_from
from newsletter.domain.links import SectionLinks
from newsletter.models import Identity, Post, Publication, Section
from newsletter.publishing.files import read_post_file
from newsletter.publishing.letters import Edition, Imprint, Merger, compose_letter
from newsletter.publishing.preflight.lettering import CLIPPED_AT
from newsletter.publishing.preflight.proof import Copy
from newsletter.rendering.compose import Composer

SAMPLE = Path(__file__).parent.parent / "tests" / "samples" / "the-year-in-letters.md"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measured(options.file, options.runs)
    if options.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name:16} {figure}")


def measured(file: Path, runs: int) -> Mapping[str, float]:
    """Sizes of one reader's letter in bytes, and seconds from Markdown to a plan, premailer included."""
    edition = edition_of(file)
    seconds: list[float] = []
    for _ in range(runs):
        begun = perf_counter()
        plan = compose_letter(Composer([TEMPLATES]), LINKS, edition)
        seconds.append(perf_counter() - begun)
    links = SectionLinks(LINKS, edition.section.public_id)
    merger = Merger(plan, links, Imprint("bench@example.org", edition.publication.sender_address))
    (reader,) = sample_readers("Ann Example", 1)
    raw = b"".join(merger.letter(reader, 0).pieces)
    html = Copy(reader, links.of(reader.public_id), raw).document.source
    markdown = edition.post.markdown
    return {
        "words": len(markdown.split()),
        "links": len(re.findall(r"\]\(https", markdown)),
        "code_blocks": markdown.count("\n```") // 2,
        "html_bytes": len(html.encode()),
        "clipped_at": CLIPPED_AT,
        "message_bytes": len(raw),
        "seconds_best": round(min(seconds), 3),
        "seconds_median": round(median(seconds), 3),
    }


def edition_of(file: Path) -> Edition:
    """A file as a letter of a sample publication."""
    post_file = read_post_file(file)
    publication = Publication(
        name="Return Path",
        public_id=public_id_from(b"the page"),
        sender_name="Return Path",
        sender_address="letters@example.org",
        list_domain="example.org",
        postal_address="12 Sample Street, 00000 Exampleton",
        locale="en",
        accent="#1f5f5b",
        look={},
    )
    section = Section(name="Mail", slug="mail", public_id=public_id_from(b"section!"))
    post = Post(
        public_id=public_id_from(b"the post"),
        title=post_file.title,
        subtitle=post_file.subtitle,
        slug=post_file.slug,
        markdown=post_file.markdown,
    )
    post.author = Identity(name="Mara Lindqvist")
    return Edition(publication, section, post)


if __name__ == "__main__":
    main()
