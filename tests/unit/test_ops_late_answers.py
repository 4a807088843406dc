"""The sweep that settles what nobody asked about: answers whose notification got lost."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.gateways.inference import AnswerPlaces
from atelier_ops.gateways.records import WAITING, Record
from atelier_ops.logic import smoke
from atelier_ops.logic.deletion import DELETING
from atelier_ops.logic.late_answers import LATE, LATEST_ANSWER, reconcile
from atelier_ops.logic.results import prediction_key
from atelier_ops.logic.submission import Ending
from atelier_ops.logic.timestamps import rfc3339
from tests.unit.ops_fakes import NOW, MemoryBuckets, MemoryInference, MemoryRecords, MemoryTokens, MemoryTopic

KEEP = 7 * 86_400
GREY = base64.b64decode(smoke.PICTURE)
PLACES = AnswerPlaces(output="s3://media/responses/1.out", failure="s3://media/failures/1.out")
ANSWER = {"images": [smoke.PICTURE], "output_format": "png", "seed": 7, "model": "tiny@v1", "seconds": {"paint": 1.0}}


@pytest.fixture
def dependencies() -> Ending:
    media = MemoryBuckets().store("media")
    return Ending(
        records=MemoryRecords(), media=media, inference=MemoryInference(), tokens=MemoryTokens(), due=MemoryTopic()
    )


def predict(dependencies: Ending, name: str, age: float, status: str = "starting") -> str:
    """A prediction that was made ``age`` seconds ago; its key."""
    data = {"id": name, "created_at": rfc3339(NOW - age), "answer": PLACES.to_json()}
    record = Record(key=prediction_key(name), status=status, expires_at=int(NOW - age) + KEEP, data=data)
    dependencies.records.put(record)
    return record.key


def lay(dependencies: Ending, key: str = "responses/1.out") -> None:
    dependencies.media.write(key, json.dumps(ANSWER).encode(), "application/json")


def sweep(dependencies: Ending, most: int = 99) -> int:
    left = iter([True] * most + [False] * 99)
    return reconcile(dependencies, KEEP, lambda: NOW, lambda: next(left))


def status(dependencies: Ending, key: str) -> str:
    record = dependencies.records.get(key)
    return record.status if record else "gone"


def test_a_late_answer_is_stored_and_an_early_one_left_to_its_notification(dependencies: Ending) -> None:
    late, early = predict(dependencies, "late", LATE + 5), predict(dependencies, "early", LATE - 5)
    lay(dependencies)
    assert sweep(dependencies) == 1
    assert (status(dependencies, late), status(dependencies, early)) == ("succeeded", "starting")
    assert dependencies.media.read("outputs/late/0.png") == GREY


def test_a_request_that_waits_in_the_queue_goes_on_waiting_until_its_time_is_over(dependencies: Ending) -> None:
    waits, expired = predict(dependencies, "waits", LATEST_ANSWER - 5), predict(dependencies, "over", LATEST_ANSWER + 5)
    assert sweep(dependencies) == 2
    assert (status(dependencies, waits), status(dependencies, expired)) == ("starting", "failed")


def test_what_has_ended_is_not_looked_at(dependencies: Ending) -> None:
    for ended in ("succeeded", "failed", "canceled"):
        predict(dependencies, ended, LATE + 5, ended)
    lay(dependencies)
    assert sweep(dependencies) == 0


def test_a_deletion_that_broke_off_is_finished(dependencies: Ending) -> None:
    key = predict(dependencies, "doomed", 4 * LATE, DELETING)
    lay(dependencies)
    dependencies.media.write("outputs/doomed/0.png", GREY, "image/png")
    assert sweep(dependencies) == 1
    assert (status(dependencies, key), dependencies.media.listing("")) == ("gone", [])


def test_a_smoke_test_whose_notification_was_lost_lets_its_run_go_on(dependencies: Ending) -> None:
    asked = smoke.waiting("smoke-1", "token", "run-1", "shared", NOW - LATE - 5, {"seed": 0})
    places = {"submitted": True, "answer": PLACES.to_json()}
    dependencies.records.put(replace(asked, data={**asked.data, **places}))
    assert sweep(dependencies) == 1
    assert status(dependencies, asked.key) == WAITING
    lay(dependencies)
    sweep(dependencies)
    assert status(dependencies, asked.key) == "gone"
    assert isinstance(dependencies.tokens, MemoryTokens)
    assert dependencies.tokens.answers["token"][0] == "success"


def test_others_that_wait_are_left_alone(dependencies: Ending) -> None:
    approval = Record(key="approval#arn", status="waiting", expires_at=int(NOW) + 60, data={"token": "t"})
    dependencies.records.put(approval)
    sweep(dependencies)
    assert dependencies.records.get("approval#arn") == approval


def test_an_answer_in_a_foreign_bucket_is_not_read(dependencies: Ending) -> None:
    key = predict(dependencies, "odd", LATE + 5)
    record = dependencies.records.get(key)
    assert record is not None
    record.data["answer"] = {"output": "s3://elsewhere/1.out"}
    sweep(dependencies)
    assert status(dependencies, key) == "starting"


def test_a_sweep_ends_in_time_with_the_oldest_done(dependencies: Ending) -> None:
    young, old = predict(dependencies, "young", LATE + 5), predict(dependencies, "old", LATE + 50)
    lay(dependencies)
    assert sweep(dependencies, most=1) == 1
    assert (status(dependencies, old), status(dependencies, young)) == ("succeeded", "starting")


class StuckTokens(MemoryTokens):
    """Step Functions does not answer."""

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        raise RuntimeError(f"{token}: access denied")


def test_what_cannot_be_settled_keeps_nothing_else_waiting(dependencies: Ending) -> None:
    stuck = replace(dependencies, tokens=StuckTokens())
    asked = smoke.waiting("smoke-1", "token", "run-1", "shared", NOW - LATE - 50, {"seed": 0})
    stuck.records.put(replace(asked, data={**asked.data, "submitted": True, "answer": PLACES.to_json()}))
    other = smoke.waiting("smoke-2", "other", "run-2", "shared", NOW - LATE - 5, {"seed": 0})
    stuck.records.put(replace(other, data={**other.data, "submitted": True, "answer": PLACES.to_json()}))
    broken, fine = predict(stuck, "broken", LATE + 50), predict(stuck, "fine", LATE + 5)
    record = stuck.records.get(broken)
    assert record is not None
    del record.data["created_at"]
    lay(stuck)
    with pytest.raises(ExceptionGroup, match="settled: 3") as told:
        sweep(stuck)
    assert [str(error) for error in told.value.exceptions] == [
        "'created_at'", "token: access denied", "other: access denied",
    ]  # fmt: skip
    assert status(stuck, fine) == "succeeded"
