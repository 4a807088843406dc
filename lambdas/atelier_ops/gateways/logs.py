"""Logs that SageMaker writes: it names their groups and streams itself, and keeps them for ever."""

from dataclasses import dataclass

from atelier_ops.gateways.aws import Tolerance, client


@dataclass(frozen=True, kw_only=True)
class JobLog:
    """One stream and when its last line came, in seconds since 1970; where it has none, when it was made."""

    name: str
    last: float


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line, and when it was written, in seconds since 1970."""

    at: float
    text: str


class Logs:
    """CloudWatch Logs."""

    def groups(self, prefix: str) -> dict[str, int | None]:
        """By name, the days for which each group that starts with ``prefix`` is kept; None where it is for ever."""
        pages = client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        return {group["logGroupName"]: group.get("retentionInDays") for page in pages for group in page["logGroups"]}

    def keep(self, group: str, days: int) -> None:
        """Let a group's lines expire after ``days``."""
        client("logs").put_retention_policy(logGroupName=group, retentionInDays=days)

    def streams(self, group: str, prefix: str) -> list[JobLog]:
        """The streams of a group that start with ``prefix``; none where the group is not there yet."""
        found: list[JobLog] = []
        with Tolerance("ResourceNotFoundException"):
            pages = client("logs").get_paginator("describe_log_streams")
            for page in pages.paginate(logGroupName=group, logStreamNamePrefix=prefix):
                for stream in page["logStreams"]:
                    last = stream.get("lastEventTimestamp", stream["creationTime"])
                    found.append(JobLog(name=stream["logStreamName"], last=last / 1000))
        return found

    def tail(self, group: str, stream: str) -> list[LogLine]:
        """The newest lines of a stream, oldest first, as many as one answer holds (1 MB, 10,000 lines); none where there is no stream.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
        """
        with Tolerance("ResourceNotFoundException"):
            answer = client("logs").get_log_events(logGroupName=group, logStreamName=stream, startFromHead=False)
            return [LogLine(at=event["timestamp"] / 1000, text=event["message"]) for event in answer["events"]]
        return []

    def delete(self, group: str, stream: str) -> None:
        """Remove one stream with its lines; a missing one is fine."""
        with Tolerance("ResourceNotFoundException"):
            client("logs").delete_log_stream(logGroupName=group, logStreamName=stream)
