"""How old an answer to "has anything changed?" may be, and for whom it counts."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from newsletter.database import Database
from newsletter.models import Publication
from newsletter.publishing.newest import COUNTS_FOR, NewestVersion
from newsletter.publishing.versions import readers_see
from newsletter.wiring import House
from tests.support.factories import make_publication


@dataclass
class Watch:
    """Seconds that pass when a test says so."""

    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def publication(house: House) -> Publication:
    with house.database.writing() as session:
        return make_publication(session)


@pytest.fixture
def elsewhere(house: House) -> Iterator[Database]:
    """Another process's way to the same database."""
    other = Database(house.settings.sqlalchemy_url)
    yield other
    other.close()


def change(database: Database, publication: Publication) -> None:
    with database.writing() as session:
        readers_see(session, publication.id)


def test_it_grows_with_every_change(house: House, publication: Publication) -> None:
    newest = NewestVersion(house.database)
    seen = []
    for _time in range(3):
        change(house.database, publication)
        seen.append(newest())

    assert seen == sorted(set(seen))


def test_what_this_process_wrote_is_seen_at_once(house: House, publication: Publication) -> None:
    newest = NewestVersion(house.database, Watch())
    before = newest()
    change(house.database, publication)

    assert newest() > before


def test_what_another_process_wrote_is_seen_after_a_few_milliseconds(
    house: House, publication: Publication, elsewhere: Database
) -> None:
    watch = Watch()
    newest = NewestVersion(house.database, watch)
    before = newest()
    change(elsewhere, publication)

    watch.seconds += COUNTS_FOR / 2
    assert newest() == before
    watch.seconds += COUNTS_FOR
    assert newest() > before


def test_it_finds_a_database_again_whose_connections_were_closed(
    house: House, publication: Publication
) -> None:
    watch = Watch()
    newest = NewestVersion(house.database, watch)
    before = newest()
    house.database.close()

    watch.seconds += 1
    assert newest() == before


def test_many_threads_at_once_get_one_answer(house: House, publication: Publication) -> None:
    newest = NewestVersion(house.database)
    change(house.database, publication)
    together = threading.Barrier(8)
    seen: list[int] = []

    def ask() -> None:
        together.wait()
        seen.extend(newest() for _time in range(50))

    threads = [threading.Thread(target=ask) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 400
    assert len(set(seen)) == 1
