"""What the base model painted for one evaluation of a style is there for the next one."""

from typing import Any

import pytest

from atelier_ops.logic.before_pictures import bring_before_pictures
from atelier_ops.logic.plan import Dependencies
from contracts.layout import before_prefix, run_prefix
from contracts.plan import FineTuningPlan
from tests.unit.ops_fakes import MemoryBuckets
from tests.unit.ops_stage import make_stage, plan_of


@pytest.fixture
def stage() -> tuple[MemoryBuckets, Dependencies]:
    return make_stage()


def brought(stage: tuple[MemoryBuckets, Dependencies], execution: str, **changes: Any) -> FineTuningPlan:
    plan = FineTuningPlan.from_json(plan_of(stage[1], execution, **changes))
    return bring_before_pictures(plan, stage[1].data)


def evaluate(buckets: MemoryBuckets, execution: str, *names: str) -> None:
    """What the run's evaluation leaves."""
    for name in names:
        buckets.put("data", f"{run_prefix(execution, 'evaluate')}before/{name}.png", f"{name} of {execution}".encode())


def kept(buckets: MemoryBuckets, execution: str) -> list[str]:
    return [
        name.removeprefix(before_prefix(execution)) for name in buckets.store("data").names(before_prefix(execution))
    ]


def test_the_first_evaluation_of_a_style_has_no_input_for_it(stage: tuple[MemoryBuckets, Dependencies]) -> None:
    """SageMaker refuses a job whose input is an empty prefix."""
    assert brought(stage, "first").before == ""
    assert brought(stage, "second").before == "", "the first one never came to its evaluation"


def test_later_ones_have_what_earlier_ones_painted_in_their_own_folder(
    stage: tuple[MemoryBuckets, Dependencies],
) -> None:
    brought(stage, "first")
    evaluate(stage[0], "first", "a", "b")
    brought(stage, "second")
    evaluate(stage[0], "second", "b", "c")
    assert brought(stage, "third").before == f"s3://data/{before_prefix('third')}"
    assert sorted(kept(stage[0], "third")) == ["a.png", "b.png", "c.png"]
    assert stage[0].store("data").read(before_prefix("third") + "b.png") == b"b of second"


def test_one_that_is_taken_up_keeps_what_it_has(stage: tuple[MemoryBuckets, Dependencies]) -> None:
    brought(stage, "first")
    evaluate(stage[0], "first", "a")
    plan = brought(stage, "second")
    stage[0].store("data").purge(run_prefix("first"))
    assert bring_before_pictures(plan, stage[1].data).before == plan.before != ""
    stage[0].store("data").purge(run_prefix("second"))
    assert bring_before_pictures(plan, stage[1].data).before == "", "what has expired is no input"


def test_another_style_has_none_of_them(stage: tuple[MemoryBuckets, Dependencies]) -> None:
    brought(stage, "first")
    evaluate(stage[0], "first", "a")
    assert brought(stage, "second", style="other").before == ""
