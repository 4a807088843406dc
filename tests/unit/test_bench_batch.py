"""What the bench of batches counts, and that its stand-in answers as the contract has it."""

import json

import pytest

from atelier_ops.logic.batches.items import prediction_of
from bench.batch.__main__ import holds
from bench.batch.stand_in import REFUSED, answer
from bench.batch.tally import CLIENT, attempts_of, painted_again
from contracts.batches import BatchItem
from contracts.prediction import PredictionOutput


def test_each_attempt_of_a_row_is_a_prediction_of_its_own() -> None:
    first, second = attempts_of("b", {"line": 3, "attempt": 2})
    assert second == prediction_of(BatchItem(batch="b", line=3, attempt=2, row={}, input={}), CLIENT) != first


@pytest.mark.parametrize(
    ("runs", "cut_off", "again"),
    [
        ({"a": 1}, {}, False),
        ({"a": 2}, {}, True),
        ({"a": 1, "b": 1}, {}, True),
        ({"a": 2}, {"a": 1}, False),
        ({"a": 3}, {"a": 1}, True),
    ],
)
def test_a_row_is_painted_again_where_it_was_finished_without_need(
    runs: dict[str, int], cut_off: dict[str, int], again: bool
) -> None:
    assert painted_again(["a", "b"], runs, cut_off) is again


@pytest.mark.parametrize("wrong", [{"lost": 1}, {"painted_twice": 1}, {"failed": 9}, {"failed": 11}])
def test_a_run_holds_where_every_row_has_the_end_that_it_can_have(wrong: dict[str, int]) -> None:
    found = {"lost": 0, "painted_twice": 0, "failed": 10, "unpaintable": 10}
    assert holds(found)
    assert not holds({**found, **wrong})


def test_the_stand_in_answers_as_the_model_server_does() -> None:
    status, body = answer({"prompt": "a red skirt", "seed": 7})
    assert (status, PredictionOutput.from_json(json.loads(json.dumps(body))).seed) == (200, 7)
    assert answer({"prompt": f"a {REFUSED} skirt", "seed": 7})[0] == 400
