"""The alarms of a stage: each is about something that nobody would hear of otherwise, and names its section of docs/runbook.md.

A run that fails says so itself; its handlers' errors end in that. The alarms on Lambdas are for those that nobody waits for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.monitoring.watched import Dimensions, WatchedStage, listed

RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """One alarm: it goes off once ``statistic`` of the metric reaches ``threshold`` in each of ``periods`` times ``minutes``.

    ``what`` says what has happened, ``section`` is the heading in the runbook that says what to do.
    """

    name: str
    what: str
    section: str
    namespace: str
    metric: str
    dimensions: Dimensions
    statistic: str = "Sum"
    threshold: float = 1
    minutes: int = 5
    periods: int = 1

    def properties(self, topic_arn: str) -> dict[str, Any]:
        """The alarm as CloudFormation and the API spell it. A metric without values means that nothing happens."""
        return {
            "AlarmDescription": described(self.what, self.section),
            "Namespace": self.namespace,
            "MetricName": self.metric,
            "Dimensions": listed(self.dimensions),
            "Statistic": self.statistic,
            "Period": self.minutes * 60,
            "EvaluationPeriods": self.periods,
            "DatapointsToAlarm": self.periods,
            "Threshold": self.threshold,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [topic_arn],
        }


def described(what: str, section: str) -> str:
    """An alarm's description: what happened, and where to read what to do."""
    return f"{what}. What to do: {RUNBOOK}, {section}"


def alarms(watched: WatchedStage) -> list[AlarmSpec]:
    """Every alarm of a stage, but for those that scale and roll back."""
    endpoint = (*_endpoint(watched), *_server(watched))
    return [*_runs(watched), *_handlers(watched), *_api(watched), *endpoint, *_answers(watched)]


def _endpoint(watched: WatchedStage) -> Iterator[AlarmSpec]:
    return _real_time(watched) if watched.real_time else _asynchronous(watched)


def _runs(watched: WatchedStage) -> Iterator[AlarmSpec]:
    # One that times out as a whole is stopped where it stands: none of its states reports that.
    ends = {"Failed": "failed", "TimedOut": "timed out"}
    for name, machine in watched.machines.items():
        for end, words in ends.items():
            yield AlarmSpec(
                name=f"{name}{end}",
                what=f"An execution of the state machine {name} {words}",
                section="A run failed",
                namespace="AWS/States",
                metric=f"Executions{end}",
                dimensions={"StateMachineArn": machine},
            )


def _handlers(watched: WatchedStage) -> Iterator[AlarmSpec]:
    for name, function in watched.functions.items():
        yield AlarmSpec(
            name=f"{name}Errors",
            what=f"The Lambda {name} failed",
            section="A Lambda fails",
            namespace="AWS/Lambda",
            metric="Errors",
            dimensions={"FunctionName": function},
        )
    yield AlarmSpec(
        name="Throttles",
        what="Lambda refused calls: all functions of this account and region together ran as often at once as they may",
        section="Lambda throttles",
        namespace="AWS/Lambda",
        metric="Throttles",
        # Without a dimension the metric counts every function: none of ours has a concurrency of its own, so they share the account's.
        dimensions={},
    )
    for name, queue in watched.queues.items():
        yield AlarmSpec(
            name=f"{name}DeadLetters",
            what=f"An event about {name} could not be handled, and waits in the dead-letter queue",
            section="Events wait in a dead-letter queue",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": queue},
            statistic="Maximum",
        )


def _api(watched: WatchedStage) -> Iterator[AlarmSpec]:
    yield AlarmSpec(
        name="Api5xx",
        what="The API answered 5xx three times within five minutes",
        section="The API answers 5xx",
        namespace="AWS/ApiGateway",
        metric="5XXError",
        dimensions={"ApiName": watched.api},
        threshold=3,
    )


def _real_time(watched: WatchedStage) -> Iterator[AlarmSpec]:
    """Whoever waits hears of an error; the alarm is for those that come in a row."""
    yield AlarmSpec(
        name="Invocation5XXErrors",
        what="The endpoint failed on five requests within five minutes",
        section="Predictions fail",
        namespace="AWS/SageMaker",
        metric="Invocation5XXErrors",
        dimensions=watched.variant,
        threshold=5,
    )


def _asynchronous(watched: WatchedStage) -> Iterator[AlarmSpec]:
    yield AlarmSpec(
        name="OldestRequest",
        what="A request has waited for half an hour",
        section="Requests wait and no instance comes",
        namespace="AWS/SageMaker",
        metric="ApproximateAgeOfOldestRequest",
        dimensions=watched.queue_of_endpoint,
        statistic="Maximum",
        threshold=1800,
        periods=2,
    )
    failures: Mapping[str, tuple[str, str, float]] = {
        # Requests that only the model server can refuse count here too.
        "InvocationFailures": ("The endpoint failed on five requests within five minutes", "Predictions fail", 5),
        "ExpiredRequests": (
            "A request was in the queue for so long that it expired",
            "Requests wait and no instance comes",
            1,
        ),
        "NotificationFailures": ("The endpoint answered and could tell nobody", "Answers come late or not at all", 1),
    }
    for metric, (what, section, threshold) in failures.items():
        yield AlarmSpec(
            name=metric,
            what=what,
            section=section,
            namespace="AWS/SageMaker",
            metric=metric,
            dimensions=watched.variant,
            threshold=threshold,
        )


def _server(watched: WatchedStage) -> Iterator[AlarmSpec]:
    """What the endpoint's own metrics do not tell from bad requests."""
    yield AlarmSpec(
        name="RequestsOutOfMemory",
        what="The model server refused a picture that its machine has no memory for, even alone",
        section="Predictions fail",
        namespace="Atelier",
        metric="RequestsOutOfMemory",
        dimensions=watched.own,
        minutes=15,
    )


def _answers(watched: WatchedStage) -> Iterator[AlarmSpec]:
    yield AlarmSpec(
        name="AnswersRecovered",
        what="An answer was found in S3 whose notification never came",
        section="Answers come late or not at all",
        namespace="Atelier",
        metric="AnswersRecovered",
        dimensions=watched.own,
        minutes=15,
    )
