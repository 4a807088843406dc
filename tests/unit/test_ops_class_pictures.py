"""Class pictures that one run painted are the next one's, whoever's style it is, as long as nothing that they depend on differs."""

from pathlib import Path
from typing import Any

import pytest

from atelier_ops.logic.class_pictures import bring_class_pictures
from atelier_ops.logic.lent import MOST_RUNS
from atelier_ops.logic.plan import Dependencies
from atelier_training.data.class_pictures import ClassPictures
from atelier_training.fine_tune_job import FineTuneJob
from contracts.layout import checkpoint_prefix
from contracts.plan import FineTuningPlan
from tests.unit.ops_fakes import MemoryBuckets
from tests.unit.ops_stage import base_manifest, make_stage, plan_of

PRIOR = {"with_prior_preservation": True, "num_class_images": 6}


@pytest.fixture
def stage() -> tuple[MemoryBuckets, Dependencies]:
    return make_stage()


class Runs:
    """Executions on a stage, one after another."""

    def __init__(self, stage: tuple[MemoryBuckets, Dependencies]) -> None:
        self.buckets, self.dependencies = stage

    def plan(self, execution: str, **changes: Any) -> FineTuningPlan:
        """The plan of an execution, with prior preservation unless its hyperparameters say otherwise."""
        hyperparameters = PRIOR | changes.pop("hyperparameters", {})
        return FineTuningPlan.from_json(
            plan_of(self.dependencies, execution, hyperparameters=hyperparameters, **changes)
        )

    def brought(self, plan: FineTuningPlan) -> int:
        return bring_class_pictures(plan, self.dependencies.data, self.dependencies.models)

    def paint(self, plan: FineTuningPlan, count: int, base: str = "tiny", task: str = "inpaint") -> str:
        """What the plan's training leaves after so many pictures; their folder."""
        job = FineTuneJob.from_strings(dict(plan.hyperparameters))
        own = ClassPictures(
            job=job, base=base_manifest(base, task), checkpoints=Path(checkpoint_prefix(plan.execution))
        )
        for index in range(count):
            self.buckets.put("data", f"{own.folder}/{index:05d}.png", f"{plan.execution} {index}".encode())
        self.buckets.put("data", f"{own.folder}/00099.17.tmp", b"half")
        return str(own.folder)

    def kept(self, folder: str) -> dict[str, bytes]:
        store = self.buckets.store("data")
        return {each.key.rpartition("/")[2]: store.read(each.key) for each in store.listing(folder + "/")}


@pytest.fixture
def runs(stage: tuple[MemoryBuckets, Dependencies]) -> Runs:
    return Runs(stage)


def test_the_second_run_gets_what_the_first_one_painted(runs: Runs) -> None:
    first, second = runs.plan("first"), runs.plan("second")
    assert runs.brought(first) == 0
    runs.paint(first, 6)
    assert runs.brought(second) == 6
    folder = runs.paint(second, 0)
    assert runs.kept(folder) == {f"{i:05d}.png": f"first {i}".encode() for i in range(6)} | {"00099.17.tmp": b"half"}
    assert runs.brought(second) == 0, "it has them"


def test_the_run_that_came_furthest_gives_and_no_more_than_is_wanted(runs: Runs) -> None:
    for name, count in (("a", 3), ("b", 6), ("c", 1)):
        plan = runs.plan(name)
        runs.brought(plan)
        runs.paint(plan, count)
    assert runs.brought(runs.plan("next")) == 6
    assert runs.brought(runs.plan("few", hyperparameters={"num_class_images": 2})) == 2


def test_pictures_of_a_run_that_is_gone_are_painted_again(runs: Runs) -> None:
    first = runs.plan("first")
    runs.brought(first)
    runs.paint(first, 6)
    runs.buckets.store("data").purge(checkpoint_prefix("first"))
    assert runs.brought(runs.plan("second")) == 0


@pytest.mark.parametrize(
    "other",
    [
        {"class_prompt": "a blue skirt"},
        {"hyperparameters": {"seed": 7}},
        {"target": "trousers"},
    ],
)
def test_what_they_depend_on_tells_them_apart(runs: Runs, other: dict[str, Any]) -> None:
    first = runs.plan("first")
    runs.brought(first)
    runs.paint(first, 6)
    assert runs.brought(runs.plan("second", **other)) == 0


def test_another_style_or_rate_changes_no_class_picture(runs: Runs) -> None:
    first = runs.plan("first")
    runs.brought(first)
    runs.paint(first, 6)
    assert runs.brought(runs.plan("second", style="other", hyperparameters={"learning_rate": 1e-5})) == 6


def test_nothing_is_brought_or_noted_without_prior_preservation(runs: Runs) -> None:
    before = dict(runs.buckets.objects)
    assert runs.brought(runs.plan("first", hyperparameters={"with_prior_preservation": False})) == 0
    assert runs.buckets.objects == before


def test_a_list_names_the_newest_runs(runs: Runs) -> None:
    for index in range(MOST_RUNS + 3):
        runs.brought(runs.plan(f"run-{index}"))
    (key,) = (key for _, key in runs.buckets.objects if key.startswith("checkpoints/lent/"))
    assert runs.buckets.store("data").json(key) == [f"run-{index}" for index in range(3, MOST_RUNS + 3)]
