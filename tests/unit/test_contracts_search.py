"""A search of settings: what it may try, and everything that is wrong with it at once."""

from typing import Any

import pytest

from contracts.errors import InvalidInputError
from contracts.execution import ExecutionInput
from contracts.hyperparameters import Hyperparameters
from contracts.search import FIXED, MOST_VALUES, Search, heaviest, searchable
from contracts.training_time import RunCourse, run_estimate
from tests.unit.test_training_time import course, jobs

RATES = {"min": 1e-4, "max": 1e-2, "scale": "logarithmic"}


def search(**changes: Any) -> dict[str, Any]:
    return {"ranges": {"learning_rate": RATES, "lora_rank": {"values": [4, 8]}}, "trials": 6, **changes}


def wrong(data: dict[str, Any]) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        Search.from_json(data)
    return [str(problem) for problem in caught.value.problems]


def test_ranges_and_values_are_read_with_the_defaults_of_what_is_left_out() -> None:
    read = Search.from_json(search())
    assert (read.parallel, read.strategy, read.ranges["lora_rank"].scale) == (1, "bayesian", "auto")
    assert read.ranges["learning_rate"].tried == {"min": 1e-4, "max": 1e-2}


def test_every_hyperparameter_but_the_fixed_ones_may_be_searched() -> None:
    assert {*searchable(), *FIXED} == {*Hyperparameters.model_fields}
    assert set(FIXED) <= {*Hyperparameters.model_fields}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ranges": {}}, "search.ranges: got 0; allowed: 1 to 20"),
        ({"ranges": {"seed": {"values": [1, 2]}}}, "search.ranges: got 'seed'; allowed: epochs | max_steps"),
        ({"ranges": {"learning_rate": {"min": 0.1}}}, "search.ranges.learning_rate.values: got nothing; allowed: min and"),
        ({"ranges": {"learning_rate": {**RATES, "values": [0.1, 0.2]}}}, "allowed: min and max, or values"),
        ({"ranges": {"learning_rate": {"min": 1, "max": 0.1}}}, "search.ranges.learning_rate.min: got 1.0; allowed: a number below"),
        ({"ranges": {"noise_offset": {"min": 0, "max": 1, "scale": "logarithmic"}}}, "above 0, as scale is logarithmic"),
        ({"ranges": {"lora_rank": {"values": [8]}}}, f"allowed: 2 to {MOST_VALUES} values, each once"),
        ({"ranges": {"lora_rank": {"values": [8, 8]}}}, "each once"),
        ({"ranges": {"lora_rank": {"values": [8, 1000]}}}, "search.ranges.lora_rank.values.1: got 1000; allowed: an integer from 1 to 256"),
        ({"ranges": {"lora_rank": {"min": 1, "max": 8.5}}}, "search.ranges.lora_rank.max: got 8.5; allowed: an integer"),
        ({"ranges": {"lr_scheduler": {"min": 0, "max": 1}}}, "search.ranges.lr_scheduler.min: got 0.0; allowed: constant | linear"),
        ({"ranges": {"learning_rate": {"min": 1, "max": 2}}}, "search.ranges.learning_rate.max: got 2.0; allowed: a number from"),
        ({"trials": 1}, "search.trials: got 1; allowed: an integer from 2 to 100"),
        ({"parallel": 7}, "search.parallel: got 7; allowed: at most trials, 6"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused(change: dict[str, Any], says: str) -> None:
    assert says in wrong(search(**change))[0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"hyperparameters": {"learning_rate": 0.1}}, "input.search.ranges.learning_rate: got 'a range'; allowed: none, where"),
        ({"method": "full"}, "input.search.ranges.lora_rank: got 'a range'; allowed: none, because method full"),
        (
            {"search": search(ranges={"epochs": {"min": 1, "max": 9}}), "hyperparameters": {"max_steps": 7}},
            "input.search.ranges.epochs: got 'a range'; allowed: none beside max_steps",
        ),
    ],
)  # fmt: skip
def test_what_is_searched_is_given_nowhere_else_and_counts(given: dict[str, Any], says: str) -> None:
    whole = {"style": "s", "dataset": "s3://b/d/", "target": "a skirt", "search": search()}
    assert ExecutionInput.from_json(whole).search
    with pytest.raises(InvalidInputError) as caught:
        ExecutionInput.from_json({**whole, **given})
    assert says in str(caught.value)


def test_what_a_search_needs_is_what_its_heaviest_training_does() -> None:
    ranges = {
        "batch_size": {"min": 1, "max": 4},
        "train_text_encoder": {"values": [False, True]},
        "optimizer": {"values": ["adamw_8bit", "adamw"]},
        "epochs": {"values": [5, 20]},
    }
    most = heaviest(Search.from_json(search(ranges=ranges)), Hyperparameters(max_steps=100))
    assert (most.batch_size, most.train_text_encoder, most.optimizer, most.epochs, most.max_steps) == (
        4,
        True,
        "adamw",
        20,
        None,
    )
    assert heaviest(None, Hyperparameters(max_steps=100)) == Hyperparameters(max_steps=100)


def test_a_search_costs_as_often_as_it_trains_and_takes_as_long_as_its_turns() -> None:
    known: RunCourse = course("sd15-inpaint", "lora", max_steps=400)
    one = run_estimate(known, jobs("ml.g5.2xlarge"))
    six, by_three = (
        run_estimate(known, jobs("ml.g5.2xlarge"), Search.from_json(search(parallel=parallel))) for parallel in (1, 3)
    )
    assert six.dollars == by_three.dollars
    assert 5 * (one.dollars or 0) > (six.dollars or 0) > 3 * (one.dollars or 0)
    assert (six.training_minutes or 0) == pytest.approx(3 * (by_three.training_minutes or 0), abs=0.2)
