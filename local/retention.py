"""What services drop by themselves, so that neither memory nor a folder grows with what has long been over.

AWS drops by age alone: lines of a log after its group's retention, executions after 90 days
(https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html). A laptop has no room for as much as fits into that
time, so that the newest so many are kept besides.
"""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Record = dict[str, Any]

MOST_STREAMS, MOST_LINES = 300, 5_000
"""Streams of a group, and lines of a stream. A function has a stream for each call, a job and a model server one of their own."""

MOST_EXECUTIONS, EXECUTION_DAYS = 200, 90
"""Executions that have ended, of all state machines together."""

_MILLISECONDS_A_DAY = 86_400_000
_MAP, _OWN = "mapRunArn", "mapRun"
"""Members of an execution: the map run whose child it is, and the one that it runs."""


def trim_logs(group: Record, moment: datetime) -> None:
    """Drop what is too old or too much of a log group; a stream goes with its last line."""
    streams: dict[str, Record] = group["streams"]
    oldest = moment.timestamp() * 1_000 - _MILLISECONDS_A_DAY * (group.get("retentionInDays") or float("inf"))
    for name, stream in list(streams.items()):
        events = stream["events"]
        old = max(bisect_left(events, oldest, key=_timestamp), len(events) - MOST_LINES)
        if old > 0:
            stream["events"] = events[old:]  # another list: somebody may be reading the old one
        if _last(stream) < oldest:
            del streams[name]
    if len(streams) > MOST_STREAMS:
        for name in sorted(streams, key=lambda name: _last(streams[name]))[:-MOST_STREAMS]:
            del streams[name]


def outlived(executions: Mapping[Any, Record], moment: datetime) -> list[Any]:
    """The keys of the executions that have ended too long ago, or before too many others. ``stopDate`` is an ISO 8601 text.

    The children of a map, of which there may be ten thousand, go when their map is over.
    """
    children = {key for key in executions if _MAP in executions[key]}
    running = {one[_OWN]["mapRunArn"] for one in executions.values() if _OWN in one and not one["stopDate"]}
    ended = sorted(
        (key for key in executions.keys() - children if executions[key]["stopDate"]),
        key=lambda key: executions[key]["stopDate"],
    )
    over = [key for key in children if executions[key][_MAP] not in running]
    oldest = (moment - timedelta(days=EXECUTION_DAYS)).astimezone(UTC).isoformat()
    return over + [
        key
        for place, key in enumerate(reversed(ended))
        if place >= MOST_EXECUTIONS or executions[key]["stopDate"] < oldest
    ]


def _last(stream: Record) -> float:
    return float(stream["lastEventTimestamp"] or stream["creationTime"])


def _timestamp(event: Record) -> float:
    return float(event["timestamp"])
