"""What nobody misses is dropped: lines of logs and executions that are too old, or that too many newer ones followed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from local.retention import (
    EXECUTION_DAYS,
    MOST_EXECUTIONS,
    MOST_LINES,
    MOST_STREAMS,
    outlived,
    trim_logs,
)

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MS = int(NOW.timestamp() * 1_000)
DAY = 86_400_000


def stream(*moments: int, created: int = MS) -> dict[str, Any]:
    """A stream with a line at each of these moments, in milliseconds."""
    return {
        "events": [{"timestamp": moment, "message": "m"} for moment in moments],
        "creationTime": created,
        "lastEventTimestamp": moments[-1] if moments else None,
    }


def test_lines_are_kept_as_long_as_their_group_says() -> None:
    old, mixed = stream(MS - 3 * DAY), stream(MS - 3 * DAY, MS - DAY // 2)
    group: dict[str, Any] = {
        "retentionInDays": 1,
        "streams": {"old": old, "mixed": mixed, "new": stream(), "idle": stream(created=MS - 3 * DAY)},
    }
    forever: dict[str, Any] = {"retentionInDays": None, "streams": {"old": stream(MS - 900 * DAY)}}
    read = mixed["events"]

    for each in (group, forever):
        trim_logs(each, NOW)

    assert {name: [event["timestamp"] for event in each["events"]] for name, each in group["streams"].items()} == {
        "mixed": [MS - DAY // 2],
        "new": [],
    }
    assert list(forever["streams"]) == ["old"]
    assert len(read) == 2  # whoever reads it meanwhile goes on


def test_a_group_keeps_its_newest_streams_and_a_stream_its_newest_lines() -> None:
    busy = stream(*range(MS, MS + MOST_LINES + 7))
    group: dict[str, Any] = {
        "retentionInDays": 7,
        "streams": {f"call-{n}": stream(MS + n) for n in range(MOST_STREAMS + 5)},
    }
    group["streams"]["busy"] = busy

    trim_logs(group, NOW)

    assert list(group["streams"]) == [*(f"call-{n}" for n in range(6, MOST_STREAMS + 5)), "busy"]
    assert [event["timestamp"] for event in busy["events"]] == list(range(MS + 7, MS + MOST_LINES + 7))


def test_executions_that_ended_go_and_those_that_run_stay() -> None:
    def ended(ago: timedelta) -> str:
        return f"{(NOW - ago).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"

    newest = {f"new-{n}": {"stopDate": ended(timedelta(minutes=n))} for n in range(MOST_EXECUTIONS - 1)}
    executions: dict[str, dict[str, Any]] = {
        "running": {"stopDate": None},
        "old": {"stopDate": ended(timedelta(days=EXECUTION_DAYS, seconds=1))},
        "young": {"stopDate": ended(timedelta(days=EXECUTION_DAYS, seconds=-1))},
        **newest,
    }
    assert outlived(executions, NOW) == ["old"]
    executions["one more"] = {"stopDate": ended(timedelta(0))}
    assert outlived(executions, NOW) == ["young", "old"]


def test_the_children_of_a_map_go_when_it_is_over_and_count_as_none_of_the_executions() -> None:
    child = {"stopDate": "2026-11-22T13:00:00.000Z", "mapRunArn": "run"}
    executions: dict[str, dict[str, Any]] = {
        "parent": {"stopDate": None, "mapRun": {"mapRunArn": "run"}},
        **{f"child-{n}": child for n in range(MOST_EXECUTIONS + 1)},
    }
    assert outlived(executions, NOW) == []
    executions["parent"]["stopDate"] = NOW.isoformat()
    assert sorted(outlived(executions, NOW)) == sorted(f"child-{n}" for n in range(MOST_EXECUTIONS + 1))
