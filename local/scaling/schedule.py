"""When a scheduled action is due: `at(…)` once, `cron(…)` again and again, in the action's time zone.

Source: Application Auto Scaling User Guide, "Schedule recurring scaling actions using cron expressions".
"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from local.errors import validation_error

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMES = {name: number for names in (_DAYS, _MONTHS) for number, name in enumerate(names, 1)}
_FIELD = re.compile(r"[*?]|(\w+)(?:-(\w+))?")
_FIELDS = 6


def check(schedule: str) -> None:
    """Raise ValidationException for a schedule that is none, or that the local cloud does not know."""
    kind, fields = _parts(schedule)
    known = kind == "at" or (
        kind == "cron"
        and len(fields.split()) == _FIELDS
        and all(_FIELD.fullmatch(choice) for field in fields.split() for choice in field.split(","))
    )
    if not known:
        raise validation_error(
            f"Schedule: got {schedule!r}; the local cloud allows at(…) and cron(…) of 6 fields with lists and ranges"
        )


def is_due(schedule: str, zone: str | None, moment: float) -> bool:
    """Whether the minute that begins at ``moment`` (seconds since the epoch) is one of the schedule's."""
    now = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone or "UTC"))
    kind, fields = _parts(schedule)
    if kind == "at":
        return fields.startswith(now.strftime("%Y-%m-%dT%H:%M:"))
    weekday = now.isoweekday() % len(_DAYS) + 1  # Sunday is 1
    shown = (now.minute, now.hour, now.day, now.month, weekday, now.year)
    return all(_matches(field, value) for field, value in zip(fields.split(), shown, strict=True))


def _parts(schedule: str) -> tuple[str, str]:
    found = re.fullmatch(r"(\w+)\((.*)\)", schedule.strip())
    return (found[1], found[2]) if found else ("", "")


def _matches(field: str, value: int) -> bool:
    for choice in field.upper().split(","):
        found = _FIELD.fullmatch(choice)
        if found and (found[1] is None or _number(found[1]) <= value <= _number(found[2] or found[1])):
            return True
    return False


def _number(text: str) -> int:
    return _NAMES[text] if text in _NAMES else int(text)
