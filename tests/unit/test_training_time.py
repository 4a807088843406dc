"""How long a fine-tuning takes and what it costs, before it starts."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.execution import Method
from contracts.machine_sizes import size_of
from contracts.training_table import TABLE
from contracts.training_time import (
    CAPTION_TERAFLOP,
    TRAINING_SHARE,
    RunCourse,
    RunEstimate,
    captions_too_long,
    parts_of,
    run_estimate,
    too_long,
    views_of,
)
from models.catalogue import find
from tests.unit.test_training_limits import lesson


def course(name: str, method: Method, *, pictures: int = 12, **changes: Any) -> RunCourse:
    return RunCourse(lesson=lesson(name, method, **changes), pictures=pictures, sampling=find(name).sampling)


def jobs(training: str, **facts: Any) -> dict[str, dict[str, Any]]:
    processing = {"instance": "ml.g5.xlarge"}
    return {"segment": processing, "train": {"instance": training, **facts}, "evaluate": processing}


def test_minutes_and_dollars_follow_from_the_steps() -> None:
    short = run_estimate(course("sd15-inpaint", "lora", max_steps=400), jobs("ml.g5.2xlarge"))
    long = run_estimate(course("sd15-inpaint", "lora", max_steps=4_000), jobs("ml.g5.2xlarge"))
    assert 8 * (short.training_minutes or 0) < (long.training_minutes or 0) < 10.5 * (short.training_minutes or 0)
    assert (long.dollars or 0) > (short.dollars or 0)


def test_a_thousand_steps_are_of_the_order_that_is_reported() -> None:
    plain = course("sd15-inpaint", "lora", max_steps=1_000, gradient_checkpointing=False)
    minutes = run_estimate(plain, jobs("ml.g5.2xlarge")).training_minutes or 0
    assert 0.5 * 387 / 60 < minutes < 2 * 387 / 60


def test_spot_is_what_the_stage_pays_where_it_takes_it() -> None:
    on_demand = run_estimate(course("sd2-inpaint", "full"), jobs("ml.g5.2xlarge"))
    spot = run_estimate(course("sd2-inpaint", "full"), jobs("ml.g5.2xlarge", spot=True))
    assert on_demand.dollars == on_demand.on_demand_dollars == spot.on_demand_dollars
    assert spot.dollars == spot.spot_dollars
    assert (spot.dollars or 0) < (on_demand.dollars or 0)


def test_class_pictures_and_epochs_count() -> None:
    machine = jobs("ml.g5.2xlarge")
    without = run_estimate(course("sd2-inpaint", "full", with_prior_preservation=False), machine)
    with_prior = run_estimate(course("sd2-inpaint", "full"), machine)
    assert (with_prior.training_minutes or 0) > 2 * (without.training_minutes or 0)
    assert course("tiny-inpaint", "lora", max_steps=None, epochs=10, batch_size=5).lesson.tuning.max_steps is None


@pytest.mark.parametrize(("seen", "views"), [(0.1, 1), (6, 1), (11.9, 1), (12, 2), (47, 7), (48, 8), (800, 8)])
def test_a_short_training_learns_from_fewer_views(seen: float, views: int) -> None:
    assert views_of(seen) == views


def test_an_upscaler_encodes_each_of_its_parts_once() -> None:
    machine = size_of("ml.g5.2xlarge")
    few, many = (course("sd-x4-upscaler", "lora", pictures=count) for count in (12, 24))
    seconds = [each.training_seconds(machine) or 0 for each in (few, many)]
    one = TABLE["sd-x4-upscaler"]["encode_teraflop"] / (machine.teraflops or 0)
    assert parts_of(800 / 12) == 16
    assert parts_of(800 / 24) == 8
    steps = 800 * few.lesson.teraflop / TRAINING_SHARE / (machine.teraflops or 0)
    assert seconds == [pytest.approx(steps + 12 * 16 * one), pytest.approx(steps + 24 * 8 * one)]
    assert parts_of(1) == 1
    assert parts_of(10_000) == 64


def test_captions_that_a_model_writes_take_the_machine_that_masks_longer() -> None:
    machines = jobs("ml.g5.2xlarge")
    silent = course("sd15-inpaint", "lora", pictures=500)
    told = replace(silent, captioned=True)
    slow = {**machines, "segment": {"instance": "ml.m5.xlarge", "seconds": 1_800}}
    longer = (run_estimate(told, slow).minutes or 0) - (run_estimate(silent, slow).minutes or 0)
    assert longer == pytest.approx(500 * CAPTION_TERAFLOP / (size_of("ml.m5.xlarge").teraflops or 0) / 60, rel=0.01)
    (problem,) = captions_too_long(told, slow["segment"])
    assert "time of automatic captions: got 'about 1.3 hours on ml.m5.xlarge'" in str(problem)
    assert not [*captions_too_long(silent, slow["segment"]), *captions_too_long(told, machines["segment"])]


def test_what_is_not_known_is_not_made_up() -> None:
    unknown = run_estimate(course("sd15-inpaint", "lora"), jobs("ml.p6-b200.48xlarge"))
    assert unknown == RunEstimate()
    assert "not known" in str(unknown)
    unpriced = run_estimate(course("sd15-inpaint", "lora"), jobs("ml.g5.4xlarge"))
    assert unpriced.minutes
    assert unpriced.dollars is None
    assert str(unpriced).endswith("; cost unknown")


def test_a_line_says_minutes_and_dollars() -> None:
    said = str(run_estimate(course("sd15-inpaint", "lora"), jobs("ml.g5.2xlarge")))
    assert said.startswith("about ")
    assert "of them training; about $" in said
    assert "with spot $" in said


def test_what_cannot_end_in_its_time_is_refused_and_what_might_is_not() -> None:
    slow = course("sd15-inpaint", "lora", max_steps=800)
    machine = jobs("ml.m5.xlarge", seconds=3_600)["train"]
    (problem,) = too_long(slow, machine)
    assert "time of the training job: got 'about" in str(problem)
    assert "jobs.most_training_seconds" in str(problem)
    assert list(too_long(slow, {**machine, "seconds": 12 * 3_600})) == []
