"""What the server measures of itself: metrics in CloudWatch's embedded format, lines of the log that are written a few times a minute.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Literal

NAMESPACE = "Atelier"
"""Of all metrics of a stage; their one dimension, ``service``, is the stage's ``atelier-{stage}``."""
SECONDS_BETWEEN_LINES = 60.0
MOST_VALUES = 100
"""Of one metric in a line, by the format's specification."""

Outcome = Literal["RequestsAnswered", "RequestsRefused", "RequestsCanceled", "RequestsBusy", "RequestsFailed"]
Measure = Literal[
    Outcome,
    "RequestsOutOfMemory",
    "MasksRefused",
    "PaintingsRefused",
    "RequestsRefusedForWords",
    "QueueDepth",
    "SigningFailures",
    "CallRows",
    "CallBatches",
    "CallRequests",
    "CallPrompts",
    "CallAdapters",
    "CacheHits",
    "CacheMisses",
    "RequestSeconds",
    "ReadSeconds",
    "WaitSeconds",
    "SegmentSeconds",
    "PaintSeconds",
    "FinishSeconds",
    "EncodeSeconds",
]
STAGES: Mapping[str, Measure] = {
    "read": "ReadSeconds",
    "wait": "WaitSeconds",
    "segment": "SegmentSeconds",
    "paint": "PaintSeconds",
    "finish": "FinishSeconds",
    "encode": "EncodeSeconds",
}
"""The stages of a request that are measured, by what answers call them."""

log = logging.getLogger(__name__)


class Measures:
    """Values until they are written; any thread may add some. Without a ``service`` nothing is kept."""

    def __init__(self, service: str = "") -> None:
        self.service = service
        self._values: dict[Measure, list[float]] = {}
        self._lock = threading.Lock()

    def add(self, measure: Measure, value: float) -> None:
        """A value; where a line can hold no more of its kind, all are written."""
        if not self.service:
            return
        with self._lock:
            values = self._values.setdefault(measure, [])
            values.append(round(value, 4))
            full = self._take() if len(values) == MOST_VALUES else {}
        self._write(full)

    def count(self, measure: Measure) -> None:
        """One more; a line has the sum."""
        if not self.service:
            return
        with self._lock:
            self._values.setdefault(measure, [0.0])[0] += 1

    def write(self) -> None:
        """Write what there is."""
        with self._lock:
            values = self._take()
        self._write(values)

    def _take(self) -> dict[Measure, list[float]]:
        taken, self._values = self._values, {}
        return taken

    def _write(self, values: Mapping[Measure, list[float]]) -> None:
        if not values:
            return
        metrics = [{"Name": name, "Unit": "Seconds" if name.endswith("Seconds") else "Count"} for name in values]
        directive = {"Namespace": NAMESPACE, "Dimensions": [["service"]], "Metrics": metrics}
        aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
        fields: dict[str, object] = {"_aws": aws, "service": self.service}
        log.info("metrics", extra={"fields": fields | dict(values)})


MEASURES = Measures()
"""Those of this process, as its log is; whoever starts it says whose ``service`` they are."""
