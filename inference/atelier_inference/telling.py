"""Tells how far the work on the HTTP API's predictions is: a small object in S3 for each, beside the answers, which the API reads."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from atelier_inference.steps import StepCount
from atelier_inference.store import Store
from contracts.layout import PREDICTION_ID, S3Uri
from contracts.running import RunningWork

SECONDS_BETWEEN_WORDS = 3.0
"""Work that is done sooner is never told of, and costs no request."""

log = logging.getLogger(__name__)


class Teller:
    """Writes below the prefix ``progress``, every few seconds at most; without one it tells nothing."""

    def __init__(self, store: Store, progress: S3Uri | None, *, every: float = SECONDS_BETWEEN_WORDS) -> None:
        self._store = store
        self._progress = progress
        self._every = every

    @contextmanager
    def telling(self, inference_id: str, steps: StepCount) -> Iterator[None]:
        """Tell of a request as long as the block runs; of requests that the API did not make there is nobody to tell."""
        if self._progress is None or not re.fullmatch(PREDICTION_ID, inference_id):
            yield
            return
        task = asyncio.ensure_future(self._tell(self._progress.child(f"{inference_id}.json"), steps))
        try:
            yield
        finally:
            task.cancel()

    async def _tell(self, where: S3Uri, steps: StepCount) -> None:
        """Until it is canceled, or S3 refuses: the work does not depend on it."""
        told = None
        while True:
            await asyncio.sleep(self._every)
            if steps.begun is None or steps.done == told:
                continue
            told, body = steps.done, _words(steps, steps.begun)
            try:
                await asyncio.to_thread(self._store.write, where, body)
            except (ClientError, BotoCoreError):
                log.warning("progress cannot be told", exc_info=True)
                return


def _words(steps: StepCount, begun: float) -> bytes:
    seconds = round(max(0.0, time.time() - begun), 3)
    work = RunningWork(begun=round(begun, 3), seconds=seconds, done=steps.done, total=steps.total)
    return json.dumps(work.to_json()).encode()
