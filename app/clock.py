"""The office's own clock: its days begin and end at midnight in the Netherlands."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

OFFICE_CLOCK = ZoneInfo("Europe/Amsterdam")


def today() -> date:
    return datetime.now(OFFICE_CLOCK).date()
