"""Times as the API and the reports write them: RFC 3339 in UTC."""

from datetime import UTC, datetime


def rfc3339(moment: datetime | float) -> str:
    """``2026-11-22T13:38:39.120Z``, from an aware datetime or seconds since 1970."""
    aware = datetime.fromtimestamp(moment, UTC) if isinstance(moment, (int, float)) else moment.astimezone(UTC)
    return aware.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """Seconds since 1970 of an RFC 3339 time. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time: got {text!r}; allowed: one with a zone, e.g. 2026-11-22T13:38:39Z")
    return moment.timestamp()
