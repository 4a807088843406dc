"""How a stage is watched: JSON logs that carry the invocation's id, X-Ray traces, and metrics in CloudWatch's embedded format.

Infra's handler construct sets the ``POWERTOOLS_*`` variables that these read. Log what happened to which prediction, run or endpoint;
never what a client sent or gets (prompts, pictures, presigned addresses, API keys). A prediction's id is written as its log name.
"""

import json
from collections.abc import Callable
from typing import Any, Literal, TypeVar

from aws_lambda_powertools import Logger, Tracer, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from contracts.log_names import by_log_names

Result = TypeVar("Result")

Event = Literal[
    "PredictionsQueued",
    "PredictionsSucceeded",
    "PredictionsFailed",
    "PredictionsCanceled",
    "RequestsRefusedBySafety",
    "AnswersRecovered",
    "RequestsResubmitted",
    "TrainingsStarted",
    "VersionsImported",
    "RunFailures",
    "EndpointRollouts",
    "WebhooksDelivered",
    "WebhooksFailed",
    "ConsentsMissing",
    "ConsentsWithdrawn",
    "PeopleErased",
]
"""What is counted."""

NAMESPACE = "Atelier"
"""Of the metrics in CloudWatch; their one dimension, ``service``, is the stage's ``atelier-{stage}``."""


def _line(entries: dict[str, Any]) -> str:
    return by_log_names(json.dumps(entries, default=str, separators=(",", ":"), ensure_ascii=False))


logger = Logger(serialize_stacktrace=False, json_serializer=_line)
_tracer = Tracer(patch_modules=("botocore",))


def observed(handler: Callable[[dict[str, Any], Any], Result]) -> Callable[[dict[str, Any], Any], Result]:
    """Give every line that ``handler`` logs the request's id, and its AWS calls a segment in the trace."""
    logged = logger.inject_lambda_context(handler, clear_state=True)
    return _tracer.capture_lambda_handler(logged)


def count(event: Event) -> None:
    """Add one to a metric."""
    _write(event, MetricUnit.Count, 1)


def measure_queue(seconds: float) -> None:
    """Metric ``SecondsInQueue``: from a prediction's request to the start of work on it, a waking instance's start included."""
    _write("SecondsInQueue", MetricUnit.Seconds, seconds)


def _write(name: str, unit: MetricUnit, value: float) -> None:
    with single_metric(
        name=name, unit=unit, value=value, namespace=NAMESPACE, default_dimensions={"service": logger.service}
    ):
        pass
