"""One batch through a killed cloud and a canceled round, to its end."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench.batch.rows import INPUT
from bench.stage import ENDED, call
from cli.session import Deployment
from tests.chaos.restarts import Restarts
from tests.chaos.schedule import Act

LOOK_SECONDS = 2.0
SAY_SECONDS = 30.0
GONE_SECONDS = 300.0
"""For how long the API may not answer in a row: a start of the cloud, and then its functions'."""

KILLED, CANCELED = (0.2, 0.5), (0.6, 0.85)
"""Shares of the batch after which it is hurt: drawn from these by the seed."""

CONCURRENCY = 16

Batch = Mapping[str, Any]


@dataclass(kw_only=True)
class InjuredBatch:
    """A stage that paints a batch, and what happens to it."""

    deployment: Deployment
    restarts: Restarts
    random: Random

    def paint(self, rows: Path) -> Batch:
        """Begin, kill the cloud, stop the batch, go on; the batch as it is in the end."""
        begun = self.deployment.api.batches.start(rows, INPUT, concurrency=CONCURRENCY, name=rows.parent.name)
        self._until(begun.id, self._so_many(KILLED))
        self._say("killing the cloud")
        self.restarts.restart(Act(at=0, kind="restart", dice=self.random.randrange(6)))
        self._until(begun.id, self._so_many(CANCELED))
        self._say("canceling the batch")
        self._insist("POST", f"/v1/batches/{begun.id}/cancel")
        self._until(begun.id, _is_over)
        self._say("going on with it")
        self._insist("POST", f"/v1/batches/{begun.id}/resume", {})
        return self._until(begun.id, _is_over)

    def _so_many(self, shares: tuple[float, float]) -> Callable[[Batch], bool]:
        share = self.random.uniform(*shares)

        def reached(batch: Batch) -> bool:
            if batch["status"] in ENDED:
                raise RuntimeError(f"batch {batch['id']}: got {batch['status']} ({batch['error']}); allowed: at work")
            counts = batch["counts"]
            return bool(counts) and counts["succeeded"] >= share * counts["total"]

        return reached

    def _until(self, batch: str, reached: Callable[[Batch], bool]) -> Batch:
        """Look until it is so far, and say now and then how far it is."""
        said = time.monotonic()
        while not reached(now := self._insist("GET", f"/v1/batches/{batch}")):
            if time.monotonic() - said >= SAY_SECONDS:
                said = time.monotonic()
                self._say(f"{now['counts']}, {now['eta_seconds']} s to go")
            time.sleep(LOOK_SECONDS)
        return now

    def _insist(self, method: str, path: str, body: Any = None) -> Batch:
        """The answer, for which whoever knows that the cloud is gone asks again. Raises RuntimeError for any other refusal."""
        last = time.monotonic() + GONE_SECONDS
        while True:
            reply = call(self.deployment, method, path, body)
            if reply.status in (200, 201):
                found: Batch = reply.body
                return found
            if (400 <= reply.status < 500 and reply.status != 429) or time.monotonic() > last:
                raise RuntimeError(f"{method} {path}: got {reply.status} {reply.body}; allowed: an answer")
            time.sleep(reply.again)

    def _say(self, words: str) -> None:
        print(f"{time.strftime('%H:%M:%S')}  {words}", flush=True)


def _is_over(batch: Batch) -> bool:
    """Its round has ended, and what there is to report is written."""
    return batch["status"] in ENDED and batch["report"] is not None
