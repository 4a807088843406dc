"""Where the logs of a stage are, and the last lines of one, or of one prediction: in an account, or in a local cloud."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.account import STACKS, not_deployed
from cli.errors import CommandError
from cli.ids import is_drawn
from cli.services import services_of
from cli.terminal import print_json, table
from contracts.log_names import log_name

_GROUP = "AWS::Logs::LogGroup"
JOBS = {"training jobs": "/aws/sagemaker/TrainingJobs", "processing jobs": "/aws/sagemaker/ProcessingJobs"}
"""Groups that SageMaker has for the whole account."""
NEWEST_STREAMS = 5
"""Of a group's streams, those that are looked at: a function has one an instance of it, a job one."""


@dataclass(frozen=True, kw_only=True)
class LogPlace:
    """A group of logs; ``what`` is the stack and what writes there, or the jobs."""

    what: str
    group: str


def run_logs(name: str, *, lines: int, stage: str, cloud: Path, json: bool) -> None:
    """List the groups or, with ``name``, print the last ``lines`` of those whose name or writer has it.

    With the id of a prediction or a batch, the lines of all groups that have its log name. Raises CommandError where no group is meant,
    NotDeployedError, LocalCloudError, and botocore's errors.
    """
    client = services_of(stage, cloud)
    there = places(client, stage or "local")
    if is_drawn(name):
        _tell(lines_with(client("logs"), there, log_name(name)), lines, json=json)
        return
    found = [place for place in there if name.lower() in f"{place.what} {place.group}".lower()]
    if not found:
        raise CommandError(f"logs: got {name}; allowed: part of a name that atelier logs lists, or a prediction's id")
    if not name:
        if json:
            print_json([asdict(place) for place in found])
        else:
            table(["what", "log group"], [(place.what, place.group) for place in found])
        return
    _tell([event for place in found for event in last_events(client("logs"), place.group, lines)], lines, json=json)


def _tell(events: list[dict[str, Any]], most: int, *, json: bool) -> None:
    """The newest of them, oldest first."""
    told = sorted(events, key=lambda event: int(event["timestamp"]))[-most:]
    for event in told if not json else ():
        print(f"{_time(event)} {event['message'].rstrip()}")
    if json:
        print_json([{"time": _time(event), "message": event["message"]} for event in told])


def places(client: Callable[[str], Any], stage: str) -> list[LogPlace]:
    """The groups of the stage's stacks, and those of jobs. Raises NotDeployedError where there is no stack of it."""
    found = [place for stack in STACKS for place in _of_stack(client("cloudformation"), stage, stack)]
    if not found:
        raise not_deployed(stage, f"no stack of {stage} is there")
    return [*found, *(LogPlace(what=what, group=group) for what, group in JOBS.items())]


def last_events(logs: Any, group: str, count: int) -> list[dict[str, Any]]:
    """The last events of a group's newest streams; none where nothing was written yet."""
    try:
        answer = logs.describe_log_streams(
            logGroupName=group, orderBy="LastEventTime", descending=True, limit=NEWEST_STREAMS
        )
    except logs.exceptions.ResourceNotFoundException:
        return []
    streams = [each["logStreamName"] for each in answer["logStreams"]]
    return [
        event
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream, limit=count, startFromHead=False)[
            "events"
        ]
    ]


def lines_with(logs: Any, there: Sequence[LogPlace], word: str) -> list[dict[str, Any]]:
    """The events of all the groups that have a word; a group to which nothing was written yet may not be there."""
    found = []
    for place in there:
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=place.group, filterPattern=f'"{word}"'
            )
            found += [event for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            continue
    return found


def _of_stack(cloudformation: Any, stage: str, stack: str) -> Iterator[LogPlace]:
    from botocore.exceptions import ClientError

    try:
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=f"atelier-{stage}-{stack}")
        resources = [each for page in pages for each in page["StackResourceSummaries"]]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return
    for each in resources:
        if each["ResourceType"] == _GROUP:
            # Of a logical id, the last eight signs are a hash.
            yield LogPlace(what=f"{stack} {each['LogicalResourceId'][:-8]}", group=each["PhysicalResourceId"])


def _time(event: dict[str, Any]) -> str:
    return (
        datetime.fromtimestamp(int(event["timestamp"]) / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
