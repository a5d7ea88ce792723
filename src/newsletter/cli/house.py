"""How commands get at the house."""

from newsletter.domain.errors import DatabaseTrouble
from newsletter.logs import configure_logs
from newsletter.migrations import is_current
from newsletter.settings import load_settings
from newsletter.wiring import House, wire


def open_house() -> House:
    """The house by the settings at hand. Raises BadSetting, and DatabaseTrouble when it is out of date."""
    settings = load_settings()
    configure_logs(settings.log_format)
    house = wire(settings)
    if not is_current(house.database.engine):
        raise DatabaseTrouble(
            "The database has not the shape this version needs. Run `newsletter db upgrade`."
        )
    return house
