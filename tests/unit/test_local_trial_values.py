"""The values that the local cloud draws for the trials of a tuning job."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.errors import ServiceError
from local.sagemaker.trial_values import cells, trial_values

SCALES = st.sampled_from(["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"])


def config(**ranges: Any) -> dict[str, Any]:
    return {"Strategy": "Bayesian", "ParameterRanges": ranges}


@given(low=st.floats(1e-6, 0.5), factor=st.floats(1.0, 1.9), scale=SCALES, number=st.integers(1, 500))
def test_a_number_lies_in_its_range_and_is_the_same_when_it_is_asked_for_again(
    low: float, factor: float, scale: str, number: int
) -> None:
    high = low * factor
    one = {"Name": "rate", "MinValue": repr(low), "MaxValue": repr(high), "ScalingType": scale}
    drawn = trial_values(config(ContinuousParameterRanges=[one]), number, seed="job")
    assert low * (1 - 1e-9) <= float(drawn["rate"]) <= high * (1 + 1e-9)
    assert drawn == trial_values(config(ContinuousParameterRanges=[one]), number, seed="job")


@pytest.mark.parametrize("scale", ["Linear", "Logarithmic"])
def test_whole_numbers_stay_whole_and_each_comes(scale: str) -> None:
    one = {"Name": "rank", "MinValue": "2", "MaxValue": "5", "ScalingType": scale}
    drawn = {trial_values(config(IntegerParameterRanges=[one]), n, seed="job")["rank"] for n in range(1, 100)}
    assert drawn == {"2", "3", "4", "5"}


def test_a_wide_range_is_drawn_by_orders_of_magnitude_unless_it_says_otherwise() -> None:
    def below(scale: str) -> int:
        one = {"Name": "rate", "MinValue": "1e-5", "MaxValue": "1e-1", "ScalingType": scale}
        drawn = (trial_values(config(ContinuousParameterRanges=[one]), n, seed="job")["rate"] for n in range(1, 200))
        return sum(float(value) < 1e-3 for value in drawn)

    assert below("Auto") > 60
    assert below("Linear") < 20


def test_a_grid_has_each_pair_once() -> None:
    axes = [{"Name": "a", "Values": ["1", "2"]}, {"Name": "b", "Values": ["x", "y", "z"]}]
    grid = {"Strategy": "Grid", "ParameterRanges": {"CategoricalParameterRanges": axes}}
    drawn = {tuple(trial_values(grid, n, seed="job").values()) for n in range(1, 1 + cells(grid["ParameterRanges"]))}  # type: ignore[arg-type]
    assert len(drawn) == 6


def test_other_jobs_draw_other_values_and_a_seed_the_same_in_each() -> None:
    one = {"Name": "rate", "MinValue": "0", "MaxValue": "1"}
    asked = config(ContinuousParameterRanges=[one])
    assert trial_values(asked, 1, seed="a") != trial_values(asked, 1, seed="b")
    assert trial_values({**asked, "RandomSeed": 3}, 1, seed="a") == trial_values(
        {**asked, "RandomSeed": 3}, 1, seed="b"
    )


def test_what_is_no_number_is_refused() -> None:
    one = {"Name": "rate", "MinValue": "low", "MaxValue": "1"}
    with pytest.raises(ServiceError, match="not made of numbers"):
        trial_values(config(ContinuousParameterRanges=[one]), 1, seed="job")
