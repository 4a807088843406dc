"""The metrics that SageMaker publishes about endpoints.

Sources: SageMaker Developer Guide, "Alarms and logs for tracking metrics from asynchronous endpoints" (an exhaustive list, it says) and
"Amazon SageMaker AI metrics in Amazon CloudWatch". Not said there: with no instance there is no backlog per instance, which is why a
second policy has to wake an endpoint.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from local.clock import MINUTE_SECONDS, TurnedClock
from local.sagemaker.fleet import Variant

NAMESPACE, INSTANCES_NAMESPACE = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
OF_THE_ENDPOINT = {  # dimension EndpointName alone; with a variant beside it there is no such metric
    "ApproximateBacklogSize": "Count",
    "ApproximateBacklogSizePerInstance": "Count",
    "HasBacklogWithoutCapacity": "Count",
    "ApproximateAgeOfOldestRequest": "Seconds",
}
OF_THE_VARIANT = {  # dimensions EndpointName and VariantName
    "Invocation4XXErrors": "None",
    "Invocation5XXErrors": "None",
    "ModelLatency": "Microseconds",
    "RequestDownloadFailures": "Count",
    "ResponseUploadFailures": "Count",
    "NotificationFailures": "Count",
    "RequestDownloadLatency": "Microseconds",
    "ResponseUploadLatency": "Microseconds",
    "ExpiredRequests": "Count",
    "InvocationFailures": "Count",
    "InvocationsProcessed": "Count",  # the guide spells it with three s
    "TimeInBacklog": "Microseconds",
    "TotalProcessingTime": "Milliseconds",
    "ConcurrentRequestsPerModel": "Count",  # of real-time endpoints only, as the next
    "OverheadLatency": "Microseconds",
}
OF_AN_INSTANCE = {"CPUUtilization": "Percent", "MemoryUtilization": "Percent"}
_UNITS = {"Microseconds": 1e6, "Milliseconds": 1e3}
Put = Callable[[str, str, Mapping[str, str], float, float, str], None]


@dataclass(frozen=True, kw_only=True)
class Load:
    """An endpoint at one moment: its variants, the requests that wait or are being answered, and how long the oldest has been there."""

    variants: list[Variant]
    requests: int
    oldest_seconds: float


class EndpointMetrics:
    """``put`` keeps one value: namespace, name, dimensions, value, moment, unit."""

    def __init__(self, put: Put, clock: TurnedClock) -> None:
        self._put, self._clock = put, clock

    def happened(self, variant: Variant, name: str, value: float = 1.0) -> None:
        """One value of a metric of a variant; a duration in seconds, whatever the metric's unit."""
        unit = OF_THE_VARIANT[name]
        self._put(NAMESPACE, name, _dimensions(variant), value * _UNITS.get(unit, 1.0), self._clock.now(), unit)

    @contextlib.contextmanager
    def timed(self, variant: Variant, name: str) -> Iterator[None]:
        """Measure how long something takes that succeeds."""
        started = time.monotonic()
        yield
        self.happened(variant, name, time.monotonic() - started)

    def responded(self, variant: Variant, status: int) -> None:
        """The model has answered with an HTTP status."""
        for first, name in ((4, "Invocation4XXErrors"), (5, "Invocation5XXErrors")):
            self.happened(variant, name, float(status // 100 == first))

    def failed(self, variant: Variant, kind: str | None) -> None:
        """A request has failed; ``kind`` is the metric that counts failures of its kind."""
        # "If an invocation fails for any reason": an expired request was never invoked.
        for name in (*([kind] if kind else []), *([] if kind == "ExpiredRequests" else ["InvocationFailures"])):
            self.happened(variant, name)

    def answered(self, variant: Variant, *, waited: float, took: float) -> None:
        """A request has its answer, good or bad, after so many seconds of which it waited some."""
        self.happened(variant, "InvocationsProcessed")
        self.happened(variant, "TimeInBacklog", waited)
        self.happened(variant, "TotalProcessingTime", took)

    def measure_at_once(self, variant: Variant) -> None:
        """What is published about a real-time variant: each server's requests at a time. SageMaker does so every 10 seconds."""
        moment = self._clock.now() - MINUTE_SECONDS
        for server in variant.servers:
            name = "ConcurrentRequestsPerModel"
            self._put(NAMESPACE, name, _dimensions(variant), float(server.claimed), moment, OF_THE_VARIANT[name])
            self._measure_instance(variant, moment)

    def _measure_instance(self, variant: Variant, moment: float) -> None:
        # How many values there are is the number of instances; the values themselves are nobody's measurement.
        for name, unit in OF_AN_INSTANCE.items():
            self._put(INSTANCES_NAMESPACE, name, _dimensions(variant), 0.0, moment, unit)

    def measure(self, endpoint: str, load: Load) -> None:
        """What is published about an endpoint every minute, about the minute that has just passed."""
        moment, servers = self._clock.now() - MINUTE_SECONDS, sum(len(v.servers) for v in load.variants)
        values = {
            "ApproximateBacklogSize": float(load.requests),
            "HasBacklogWithoutCapacity": float(load.requests > 0 and servers == 0),
            "ApproximateAgeOfOldestRequest": load.oldest_seconds,
        }
        if servers:
            values["ApproximateBacklogSizePerInstance"] = load.requests / servers
        for name, value in values.items():
            self._put(NAMESPACE, name, {"EndpointName": endpoint}, value, moment, OF_THE_ENDPOINT[name])
        for variant in load.variants:
            for _ in variant.servers:
                self._measure_instance(variant, moment)


def _dimensions(variant: Variant) -> dict[str, str]:
    return {"EndpointName": variant.plan.endpoint, "VariantName": variant.plan.name}
