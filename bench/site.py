"""How fast the reading site answers, beside what its server and its proxy can do at all.

`python -m bench.site --json`: a site of 1,000 posts, 20,000 comments and 100,000 subscribers under the
production server, beside a WSGI application that gives the same bytes from memory under the same server; and
behind the proxy of docker-compose.yml with its page cache, beside that proxy giving the same page as a file.
Rivals take turns; each figure is the median of its rounds.
"""

import argparse
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from sqlalchemy import select, update

from bench.stage import Stage, fill, set_up
from newsletter.cli.processes import free_port
from newsletter.cli.stack import HOST, Ports, Stack, web_command
from newsletter.models import Post, Section
from newsletter.publishing.posts import Draft, create_post, publish_post
from newsletter.wiring import House
from tests.support.proxy import running_proxy
from tests.support.stack import wait_for

_PARAGRAPH = (
    "A letter about **queue {number}** keeps its promises one at a time, and says [where it learnt them]"
    "(https://example.org/{number}); whoever reads it to the end knows a little more about leases.\n\n"
)


@dataclass(frozen=True)
class Load:
    """How hard a server is asked, and for how long."""

    seconds: int
    connections: int
    rounds: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--posts", type=int, default=1000)
    parser.add_argument("--comments", type=int, default=20_000)
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--database", choices=["postgresql", "sqlite"], default="postgresql")
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with set_up(options.database) as stage:
        fill(stage.house, options.subscribers, 10)
        slug = _write(stage.house, options.posts, options.comments)
        figures = _measured(stage, slug, Load(options.seconds, 32, options.rounds))
    if options.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name:22} {figure}")


def _write(house: House, posts: int, comments: int) -> str:
    """Publish posts in the course of three years; returns the name of the newest one."""
    now = datetime.now(UTC) - timedelta(days=8)
    with house.database.writing() as session:
        first = session.scalars(select(Post)).one()
        section = session.scalars(select(Section)).one()
        for number in range(posts):
            text = "".join(_PARAGRAPH.format(number=number * 7 + each) for each in range(25))
            draft = Draft(f"What queue {number} keeps", text, section.id, "A subtitle of a usual length")
            moment = now - timedelta(days=(posts - number) * 1095 / posts)
            post = create_post(session, first.publication_id, first.author_id, draft, moment)
            publish_post(session, post, moment)
        session.execute(update(Post).values(comments=comments // posts, likes=Post.id % 97, commented_at=now))
    return f"what-queue-{posts - 1}-keeps"


def _measured(stage: Stage, slug: str, load: Load) -> Mapping[str, object]:
    paths = {"home": "/", "archive": "/archive", "post": f"/p/{slug}"}
    with tempfile.TemporaryDirectory(prefix="nl-site-") as folder, serving(stage) as port:
        answers = {name: _answer(port, path) for name, path in paths.items()}
        with _bare(stage, Path(folder), answers) as bare_port:
            rates = _take_turns(port, bare_port, answers, load)
        half = median(rates["post"]) / 2
        weights = _weights(port, answers)
        p99 = _p99(f"http://{HOST}:{port}{paths['post']}", half, load)
        with running_proxy(Path(folder) / "proxy", port) as (proxy_port, static_port, static):
            (static / "page.html").write_text(str(answers["post"]["body"]), "utf-8")
            behind = _against_static(proxy_port, static_port, paths["post"], load)
    figures: dict[str, object] = {f"{name}_rps": round(median(rates[name])) for name in paths}
    figures["not_modified_rps"] = round(median(rates["not_modified"]))
    figures["bare_rps"] = {name: round(median(rates[f"bare {name}"])) for name in paths}
    ratios = [median(_shares(rates[name], rates[f"bare {name}"])) for name in paths]
    figures["ratio_to_bare"] = round(min(ratios), 2)
    return figures | {"half_load_rps": round(half), "p99_ms": p99, **behind, **weights}


def _shares(ours: list[float], theirs: list[float]) -> list[float]:
    """Of each round, for the two of a round were measured side by side."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


@contextmanager
def serving(stage: Stage) -> Iterator[int]:
    """The site under the production server."""
    port = free_port()
    settings = stage.house.settings.model_copy(update={"site_url": f"http://{HOST}:{port}"})
    environment = os.environ | Stack(settings, Ports(port), catches=False).environment()
    with _started(web_command(settings, HOST, port), environment, f"http://{HOST}:{port}/readyz"):
        yield port


@contextmanager
def _bare(stage: Stage, folder: Path, answers: Mapping[str, Mapping[str, object]]) -> Iterator[int]:
    """The same server, with nothing to do."""
    port = free_port()
    file = folder / "answers.json"
    file.write_text(json.dumps(list(answers.values())), "utf-8")
    command = [
        "bench.bare:app" if part == "newsletter.wsgi:app" else part
        for part in web_command(stage.house.settings, HOST, port)
    ]
    environment = os.environ | {"BENCH_ANSWERS": str(file)}
    with _started(command, environment, f"http://{HOST}:{port}/"):
        yield port


@contextmanager
def _started(command: list[str], environment: Mapping[str, str], url: str) -> Iterator[None]:
    process = subprocess.Popen(command, env=dict(environment))
    try:
        wait_for(lambda: _answers(url))
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _answer(port: int, path: str) -> dict[str, object]:
    """What the site says, asked often enough that each of its processes has kept it."""
    for _time in range(40):
        with urlopen(f"http://{HOST}:{port}{path}", timeout=30) as response:
            headers = [(name, value) for name, value in response.headers.items() if name not in _HOP]
            body = response.read().decode()
    return {"path": path, "headers": headers, "body": body}


_HOP = {"Server", "Date", "Connection", "Transfer-Encoding"}


def _take_turns(
    port: int, bare_port: int, answers: Mapping[str, Mapping[str, object]], load: Load
) -> dict[str, list[float]]:
    rates: dict[str, list[float]] = {}
    for _round in range(load.rounds):
        for name, answer in answers.items():
            rates.setdefault(name, []).append(_rate(f"http://{HOST}:{port}{answer['path']}", load))
            bare = f"http://{HOST}:{bare_port}{answer['path']}"
            rates.setdefault(f"bare {name}", []).append(_rate(bare, load))
        tag = dict(answers["post"]["headers"])["ETag"]  # type: ignore[call-overload]
        url = f"http://{HOST}:{port}{answers['post']['path']}"
        rates.setdefault("not_modified", []).append(_rate(url, load, f"If-None-Match: {tag}"))
    return rates


def _against_static(proxy_port: int, static_port: int, path: str, load: Load) -> dict[str, object]:
    page, file = f"http://{HOST}:{proxy_port}{path}", f"http://{HOST}:{static_port}/page.html"
    _rate(page, load)
    ours, theirs = [], []
    for _round in range(load.rounds):
        ours.append(_rate(page, load))
        theirs.append(_rate(file, load))
    ratio = round(median(_shares(ours, theirs)), 2)
    return {
        "proxied_rps": round(median(ours)),
        "static_rps": round(median(theirs)),
        "ratio_to_static": ratio,
    }


def _rate(url: str, load: Load, header: str = "") -> float:
    command = ["wrk", "-t2", f"-c{load.connections}", f"-d{load.seconds}s", url]
    done = subprocess.run(
        [*command, *(["-H", header] if header else [])], capture_output=True, text=True, check=True
    )
    if "Non-2xx" in done.stdout and not header:
        raise RuntimeError(done.stdout)
    found = re.search(r"Requests/sec:\s+([0-9.]+)", done.stdout)
    assert found is not None
    return float(found[1])


def _p99(url: str, rate: float, load: Load) -> float:
    """Milliseconds of the slowest hundredth, asked at this rate; the median of the rounds."""
    workers = 16
    found = []
    for _round in range(load.rounds):
        command = ["hey", "-z", f"{load.seconds}s", "-c", str(workers), "-q", str(rate / workers), url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        slow = re.search(r"99% in ([0-9.]+) secs", done.stdout)
        assert slow is not None, done.stdout
        found.append(float(slow[1]) * 1000)
    return round(median(found), 1)


def _weights(port: int, answers: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Bytes of a post's page with its styles and scripts, and of these scripts alone; nothing is packed."""
    page = str(answers["post"]["body"])
    files = re.findall(r'(?:href|src)="(/(?:static/[^"]+|theme\.css[^"]*))"', page)
    sizes = {}
    for file in dict.fromkeys(files):
        with urlopen(f"http://{HOST}:{port}{file.replace('&amp;', '&')}", timeout=30) as response:
            sizes[file] = len(response.read())
    scripts = sum(size for file, size in sizes.items() if ".js" in file)
    return {"page_bytes": len(page.encode()) + sum(sizes.values()), "script_bytes": scripts}


if __name__ == "__main__":
    main()
