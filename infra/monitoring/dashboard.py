"""One page that shows whether a stage is well: queue, fleet, latency by phase, errors, costs a picture, runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.prices import AS_OF, DOLLARS_PER_HOUR, REGION_NAME
from infra.monitoring.watched import Dimensions, WatchedStage

_WIDTH, _HEIGHT = 8, 6
_COLUMNS = 3

Line = list[Any]
"""One line of a graph in the dashboard's own syntax: namespace, name, dimensions in turn, options."""


def body(watched: WatchedStage, region: str, alarm_arns: Sequence[str]) -> dict[str, Any]:
    """The dashboard's JSON. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html"""
    graphs = [
        _graph("Queue", region, _queue(watched)),
        _graph("Instances", region, [_instances(watched)], period=60),
        _graph("Latency by phase, seconds", region, _phases(watched)),
        _graph("Predictions", region, _predictions(watched)),
        _graph("Errors", region, _errors(watched)),
        _graph("Runs", region, _runs(watched)),
        *([_graph(_cost_title(watched), region, _cost(watched), period=3600)] if _price(watched) else []),
    ]
    alarms = {"type": "alarm", "properties": {"title": "Alarms", "alarms": list(alarm_arns)}}
    return {"widgets": [_placed(widget, index) for index, widget in enumerate([alarms, *graphs])]}


def _placed(widget: Mapping[str, Any], index: int) -> dict[str, Any]:
    row, column = divmod(index, _COLUMNS)
    return {"x": column * _WIDTH, "y": row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT, **widget}


def _graph(title: str, region: str, metrics: Sequence[Line], *, period: int = 300) -> dict[str, Any]:
    properties = {"title": title, "region": region, "view": "timeSeries", "period": period, "metrics": list(metrics)}
    return {"type": "metric", "properties": properties}


def _line(namespace: str, name: str, dimensions: Dimensions, **options: Any) -> Line:
    pairs = (part for pair in dimensions.items() for part in pair)
    return [namespace, name, *pairs, options]


def _queue(watched: WatchedStage) -> list[Line]:
    if watched.real_time:
        name = "ConcurrentRequestsPerModel"
        return [
            _line("AWS/SageMaker", name, watched.variant, stat="Maximum", label="requests in an instance at a time")
        ]
    waiting = watched.queue_of_endpoint
    return [
        _line(
            "AWS/SageMaker", "ApproximateBacklogSize", waiting, stat="Maximum", label="requests in the queue or at work"
        ),
        _line(
            "AWS/SageMaker",
            "HasBacklogWithoutCapacity",
            waiting,
            stat="Maximum",
            label="1: they wait and no instance runs",
        ),
        _line(
            "AWS/SageMaker",
            "ApproximateAgeOfOldestRequest",
            waiting,
            stat="Maximum",
            label="age of the oldest, seconds",
            yAxis="right",
        ),
    ]


def _instances(watched: WatchedStage, **options: Any) -> Line:
    """Each instance measures its processors once a minute: the number of samples in a minute is that of instances.

    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-troubleshooting.html
    """
    label = {"label": "instances", **options}
    return _line("/aws/sagemaker/Endpoints", "CPUUtilization", watched.variant, stat="SampleCount", **label)


def _phases(watched: WatchedStage) -> list[Line]:
    """SageMaker counts each phase in microseconds; our own metric is the whole wait, a waking instance's start included."""
    phases = {
        "TimeInBacklog": "in the queue",
        "RequestDownloadLatency": "fetch the request",
        "ModelLatency": "paint",
        "ResponseUploadLatency": "store the answer",
    }
    if watched.real_time:
        phases = {"OverheadLatency": "on the way", "ModelLatency": "paint"}
    lines: list[Line] = [_line("Atelier", "SecondsInQueue", watched.own, stat="p90", label="request to start, p90")]
    for index, (name, label) in enumerate(phases.items()):
        lines.append(_line("AWS/SageMaker", name, watched.variant, stat="Average", id=f"m{index}", visible=False))
        lines.append([{"expression": f"m{index} / 1000000", "label": label, "id": f"s{index}"}])
    return lines


def _predictions(watched: WatchedStage) -> list[Line]:
    names = (
        "PredictionsQueued",
        "PredictionsSucceeded",
        "PredictionsFailed",
        "PredictionsCanceled",
        "RequestsRefusedBySafety",
        "AnswersRecovered",
        "RequestsResubmitted",
    )
    return [_line("Atelier", name, watched.own, stat="Sum") for name in names]


def _errors(watched: WatchedStage) -> list[Line]:
    counts = {"stat": "Sum"}
    return [
        _line("AWS/ApiGateway", "5XXError", {"ApiName": watched.api}, **counts, label="API 5xx"),
        _line("AWS/ApiGateway", "4XXError", {"ApiName": watched.api}, **counts, label="API 4xx"),
        *(_line("AWS/SageMaker", name, watched.variant, **counts) for name in _failures(watched)),
        *(
            _line("AWS/Lambda", "Errors", {"FunctionName": function}, **counts, label=f"Lambda {name}")
            for name, function in watched.functions.items()
        ),
        *(
            _line(
                "AWS/SQS",
                "ApproximateNumberOfMessagesVisible",
                {"QueueName": queue},
                stat="Maximum",
                label=f"dead letters: {name}",
            )
            for name, queue in watched.queues.items()
        ),
    ]


def _failures(watched: WatchedStage) -> Sequence[str]:
    if watched.real_time:
        return "Invocation4XXErrors", "Invocation5XXErrors"
    return "InvocationFailures", "ExpiredRequests", "NotificationFailures"


def _runs(watched: WatchedStage) -> list[Line]:
    return [
        _line("AWS/States", metric, {"StateMachineArn": machine}, stat="Sum", label=f"{name}: {word}")
        for name, machine in watched.machines.items()
        for metric, word in (
            ("ExecutionsStarted", "started"),
            ("ExecutionsSucceeded", "succeeded"),
            ("ExecutionsFailed", "failed"),
            ("ExecutionsTimedOut", "timed out"),
        )
    ]


def _price(watched: WatchedStage) -> float | None:
    return DOLLARS_PER_HOUR.get(watched.instance_type)


def _cost_title(watched: WatchedStage) -> str:
    return f"Dollars a prediction: instances at ${_price(watched)} an hour ({REGION_NAME}, {AS_OF})"


def _cost(watched: WatchedStage) -> list[Line]:
    """Over an hour the samples of all instances are the minutes that they ran, idle ones included."""
    return [
        _instances(watched, id="minutes", visible=False),
        _line("Atelier", "PredictionsSucceeded", watched.own, stat="Sum", id="pictures", visible=False),
        [{"expression": f"minutes / 60 * {_price(watched)} / pictures", "label": "a prediction", "id": "cost"}],
    ]
