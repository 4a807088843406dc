"""What the model server tells of work under way: every few seconds, only where there is news, and never at the work's expense."""

import asyncio
import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from botocore.exceptions import EndpointConnectionError

from atelier_inference.steps import StepCount, counting
from atelier_inference.telling import Teller
from atelier_inference.waiting import CanceledError
from contracts.layout import S3Uri, progress_key
from contracts.running import RunningWork
from tests.unit.inference_store import PROGRESS, FolderStore

PREDICTION = "0123456789abcdef0123456789"


class Bucket(FolderStore):
    """Remembers what was written; ``down`` refuses."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.written: list[tuple[str, RunningWork]] = []
        self.tried = 0
        self.down = False

    def write(self, uri: S3Uri, body: bytes) -> None:
        self.tried += 1
        if self.down:
            raise EndpointConnectionError(endpoint_url="https://s3.test")
        self.written.append((str(uri), RunningWork.from_json(json.loads(body))))


def job(total: int = 4) -> SimpleNamespace:
    return SimpleNamespace(steps=StepCount(total=total), abandoned=threading.Event())


async def until(happened: Callable[[], object]) -> None:
    while not happened():
        await asyncio.sleep(0)


async def rounds(count: int = 200) -> None:
    """So many turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_each_step_is_told_once_beside_the_answers(tmp_path: Path) -> None:
    bucket, work = Bucket(tmp_path), job()

    async def run() -> None:
        with Teller(bucket, PROGRESS, every=0).telling(PREDICTION, work.steps):
            await rounds()
            assert bucket.written == []
            stepped = counting([work])
            for _ in range(3):
                await until(lambda: bucket.written and bucket.written[-1][1].done == work.steps.done)
                await rounds()
                stepped()
        await rounds()

    asyncio.run(run())
    places, told = {place for place, _ in bucket.written}, [each for _, each in bucket.written]
    assert places == {f"s3://media/{progress_key(PREDICTION)}"}
    assert [(each.done, each.total) for each in told] == [(0, 4), (1, 4), (2, 4)]
    assert all(each.begun == told[0].begun and each.seconds >= 0 for each in told)


@pytest.mark.parametrize(("name", "progress"), [("smoke-run-1", PROGRESS), (PREDICTION, None), ("a" * 32, PROGRESS)])
def test_of_what_the_api_did_not_make_nothing_is_told(tmp_path: Path, name: str, progress: S3Uri | None) -> None:
    bucket, work = Bucket(tmp_path), job()

    async def run() -> None:
        with Teller(bucket, progress, every=0).telling(name, work.steps):
            counting([work])
            await rounds()

    asyncio.run(run())
    assert bucket.tried == 0


def test_where_s3_refuses_the_work_goes_on_and_no_more_is_tried(tmp_path: Path) -> None:
    bucket, work = Bucket(tmp_path), job()
    bucket.down = True

    async def run() -> None:
        with Teller(bucket, PROGRESS, every=0).telling(PREDICTION, work.steps):
            stepped = counting([work])
            await until(lambda: bucket.tried)
            stepped()
            await rounds()

    asyncio.run(run())
    assert (bucket.tried, work.steps.done) == (1, 1)


def test_a_batch_counts_for_each_of_its_jobs_and_ends_once_nobody_waits() -> None:
    one, other = job(), job(total=0)
    stepped = counting([one, other])
    one.abandoned.set()
    for _ in range(6):
        stepped()
    # Some samplers take a step more than they were asked for; where the total is not known, nothing bounds the count.
    assert (one.steps.done, other.steps.done) == (4, 6)
    other.abandoned.set()
    with pytest.raises(CanceledError):
        stepped()


def test_work_that_is_taken_up_once_more_begins_again() -> None:
    work = job()
    counting([work])()
    first = work.steps.begun
    counting([work])
    assert (work.steps.done, work.steps.begun is not None and first is not None) == (0, True)
