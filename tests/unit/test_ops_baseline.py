"""The gate of a run: its task's thresholds, the input's, and what the version in service measured on the same photos."""

from typing import Any

import pytest

from atelier_ops.logic.plan import Dependencies
from tests.unit.ops_fakes import MemoryBuckets
from tests.unit.ops_stage import make_stage, plan_of, put_promoted, put_version

OWN = {"garment_share": 0.5, "pixels_changed_outside": 0}


@pytest.fixture
def stage() -> tuple[MemoryBuckets, Dependencies]:
    return make_stage()


def serve(stage: tuple[MemoryBuckets, Dependencies], share: float = 0.8, **changes: Any) -> None:
    """Put version 3 in service, trained on the same dataset unless ``changes`` say otherwise."""
    buckets, dependencies = stage
    same = {"dataset_sha256": plan_of(dependencies)["dataset"]["sha256"], "metrics": {"garment_share": share}}
    put_version(buckets, 3, **(same | changes))
    put_promoted(buckets, 3)


def judged(stage: tuple[MemoryBuckets, Dependencies], **changes: Any) -> tuple[dict[str, float], str]:
    plan = plan_of(stage[1], **changes)
    return plan["gate"], plan["comparison"]


def test_a_run_without_a_gate_has_its_tasks_own(stage: tuple[MemoryBuckets, Dependencies]) -> None:
    assert judged(stage) == (OWN, "not compared: no version of skirt is in service")
    words = {"task": "text-to-image", "target": "", "deploy": "none"}
    assert judged(stage, **words)[0] == {"garment_share": 0.25}


@pytest.mark.parametrize("gate", [{"garment_share": 0}, {"mask_score": 0.9}, {"pixels_changed_outside": 5}])
def test_a_gate_says_otherwise_of_its_own_metrics_only(
    stage: tuple[MemoryBuckets, Dependencies], gate: dict[str, float]
) -> None:
    assert judged(stage, gate=gate)[0] == OWN | gate


def test_a_result_must_nearly_reach_the_version_in_service_on_the_same_photos(
    stage: tuple[MemoryBuckets, Dependencies],
) -> None:
    serve(stage, 0.8)
    gate, comparison = judged(stage)
    assert gate == OWN | {"garment_share": 0.76}
    assert comparison == "garment_share at least 0.76: 95% of 0.8, of skirt@3, which is in service, on the same photos"


@pytest.mark.parametrize(("share", "expected"), [(0.4, 0.5), (1.0, 0.95)])
def test_the_stricter_threshold_counts(
    stage: tuple[MemoryBuckets, Dependencies], share: float, expected: float
) -> None:
    serve(stage, share)
    assert judged(stage)[0]["garment_share"] == expected
    assert judged(stage, gate={"garment_share": 0.97})[0]["garment_share"] == 0.97


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dataset_sha256": "f" * 64}, "its dataset or evaluation photos are others"),
        ({"metrics": {}}, "it has no garment_share"),
        ({"target": "a coat"}, "its target is another"),
        ({"task": "text-to-image"}, "its task is text-to-image"),
    ],
)
def test_what_cannot_be_compared_is_said(
    stage: tuple[MemoryBuckets, Dependencies], changes: dict[str, Any], reason: str
) -> None:
    serve(stage, **changes)
    assert judged(stage) == (OWN, f"not compared with skirt@3, which is in service: {reason}")


def test_another_evaluation_photo_is_another_evaluation(stage: tuple[MemoryBuckets, Dependencies]) -> None:
    serve(stage)
    stage[0].put("data", "datasets/skirt/evaluation/f.png", stage[0].store("data").read("datasets/skirt/a.png"))
    assert "photos are others" in judged(stage)[1]


def test_a_comparison_can_be_switched_off(stage: tuple[MemoryBuckets, Dependencies]) -> None:
    serve(stage)
    assert judged(stage, baseline="none") == (OWN, "not compared with the version in service: baseline is none")


def test_the_report_shows_the_thresholds_and_the_comparison(stage: tuple[MemoryBuckets, Dependencies]) -> None:
    serve(stage)
    arguments = plan_of(stage[1])["arguments"]["evaluate"]
    assert arguments[arguments.index("--gate") + 1] == '{"garment_share": 0.76, "pixels_changed_outside": 0}'
    assert f"--comparison={judged(stage)[1]}" in arguments
    assert max(map(len, arguments)) <= 256


def test_the_longest_comparison_is_an_argument_that_sagemaker_takes(stage: tuple[MemoryBuckets, Dependencies]) -> None:
    style = "s" * 40
    put_version(stage[0], 999_999, style=style, task="text-to-image", target="another", metrics={})
    put_promoted(stage[0], 999_999, style)
    assert len(judged(stage, style=style)[1]) <= 240
