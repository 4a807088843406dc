"""Commands that ask the API, on the API in memory: what is looked at has ended, as told."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from atelier import Atelier
from atelier_ops.gateways.records import Record
from atelier_ops.logic.results import prediction_key
from tests.unit.client_network import Served
from tests.unit.ops_fakes import PNG

REVIEW = {
    "items": [{"line": 3, "prediction": "p3", "picture": 0, "reason": "the garment is 14.0 ΔE bluer"}],
    "drifts": [{"group": "skirt", "reason": "from 7 on, the garment is lighter"}],
    "groups": [],
}


@dataclass
class Commanded(Served):
    """``looked`` comes before each look at a prediction or a training, by its id; by default predictions succeed.

    Batches end at the first look, with ``batch_status`` and a report whose files are all ``REVIEW``.
    """

    looked: Callable[["Commanded", str], None] = lambda self, name: self.succeed(name)
    batch_status: str = "succeeded"
    asked: list[tuple[str, bool]] = field(default_factory=list)

    @contextmanager
    def connected(self, stage: str = "", *, cloud: object = None, start: bool = False) -> Iterator[Atelier]:
        """In place of ``cli.connection.connected``."""
        self.asked.append((stage, start))
        with self.client() as client:
            yield client

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        kind, _, name = request.url.path.removeprefix("/live/v1/").partition("/")
        if request.method == "GET" and kind in ("predictions", "trainings") and "/" not in name and name:
            self.looked(self, name)
        answered = super().answer(request)
        shows_batch = request.method == "GET" and kind == "batches" and name and answered.status_code == 200
        return self._batch(answered) if shows_batch else answered

    def _batch(self, answered: httpx2.Response) -> httpx2.Response:
        files = {"page": "report.html", "data": "report.json", "csv": "report.csv", "review": "review.json"}
        for name in files.values():
            self.api.buckets.put("media", name, json.dumps(REVIEW).encode())
        counts = {"total": 2, "waiting": 0, "running": 0, "succeeded": 1, "failed": 1, "canceled": 0}
        report = {what: f"https://media.test/{name}?get" for what, name in files.items()}
        ended = {"status": self.batch_status, "counts": counts, "report": report, "dollars": 0.5}
        return httpx2.Response(200, json={**answered.json(), **ended})

    def succeed(self, prediction: str, *pictures: bytes, **data: Any) -> None:
        """Let it have ended with these pictures."""
        keys = [f"outputs/{prediction}/{number}.png" for number in range(len(pictures) or 1)]
        for key, picture in zip(keys, pictures or (PNG,), strict=True):
            self.api.buckets.put("media", key, picture)
        self._end(prediction, "succeeded", outputs=keys, **data)

    def fail(self, prediction: str, error: str) -> None:
        """Let it have failed."""
        self._end(prediction, "failed", error=error)

    def change_training(self, training: str, **changes: Any) -> None:
        """Let its execution be so."""
        started = self.api.executions.started
        started[training] = replace(started[training], **changes)

    def _end(self, prediction: str, status: str, **data: Any) -> None:
        records = self.api.records
        record = records.items.get(prediction_key(prediction))
        if record is not None and record.status == "starting":
            told = {**record.data, **data}
            records.put(Record(key=record.key, status=status, expires_at=record.expires_at, data=told))
