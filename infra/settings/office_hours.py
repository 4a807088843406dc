"""When a fleet is awake whether or not somebody asks for pictures."""

from dataclasses import dataclass
from zoneinfo import available_timezones

from infra.settings.kinds import check_kinds
from infra.settings.validation import check, check_range, check_text


@dataclass(frozen=True, kw_only=True)
class OfficeHours:
    """``instances`` run from ``from_hour`` until ``until_hour`` on ``days``; at other times the fleet follows its queue down to zero.

    ``days`` is as in a cron expression of AWS (``MON-FRI``, ``*``), ``timezone`` as in the tz database (``Asia/Seoul``).
    """

    instances: int
    days: str
    from_hour: int
    until_hour: int
    timezone: str

    def __post_init__(self) -> None:
        check_kinds(self, "office_hours")
        check_range("office_hours.instances", self.instances, 1)
        check_text("office_hours.days", self.days, r"\*|[A-Z]{3}([-,][A-Z]{3})*", "MON-FRI, MON,WED or *")
        check_range("office_hours.from_hour", self.from_hour, 0, 23)
        check_range("office_hours.until_hour", self.until_hour, self.from_hour + 1, 23)
        known = self.timezone in available_timezones()
        check(
            known, "office_hours.timezone", got=self.timezone, allowed="a name of the tz database, such as Asia/Seoul"
        )

    @property
    def hours_a_week(self) -> int:
        """How long the fleet is awake by the clock."""
        return (self.until_hour - self.from_hour) * self._days_a_week

    @property
    def _days_a_week(self) -> int:
        if self.days == "*":
            return len(_WEEK)
        return sum(_between(*part.split("-")) if "-" in part else 1 for part in self.days.split(","))


_WEEK = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def _between(first: str, last: str) -> int:
    return _WEEK.index(last) - _WEEK.index(first) + 1
