"""How commands get at the house."""

from collections.abc import Iterator
from contextlib import contextmanager

from newsletter.domain.errors import DatabaseTrouble
from newsletter.logs import configure_logs
from newsletter.migrations import is_current
from newsletter.settings import load_settings
from newsletter.wiring import House, wire


@contextmanager
def open_house(*, current: bool = True) -> Iterator[House]:
    """The house by the settings at hand. Raises BadSetting, and DatabaseTrouble when it is out of date."""
    settings = load_settings()
    configure_logs(settings.log_format)
    house = wire(settings)
    try:
        if current and not is_current(house.database.engine):
            raise DatabaseTrouble("The database is out of date. Run `newsletter db upgrade`.")
        yield house
    finally:
        house.database.close()
