"""Prepare compares what a training takes with its machine, before anything is paid."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from atelier_ops.gateways.storage import ObjectStore, StoredObject
from atelier_ops.logic.needs import needs
from atelier_ops.logic.plan import make_plan
from atelier_training.arguments import parser
from contracts.artifact import to_json
from contracts.errors import InvalidInputError
from contracts.hyperparameters import Hyperparameters
from contracts.layout import MANIFEST
from contracts.plan import FineTuningPlan
from contracts.training_table import TABLE
from tests.unit.ops_stage import JOBS, base_manifest, make_request, make_stage


@dataclass
class ListedFiles(ObjectStore):
    """A bucket of which only the sizes are there."""

    sizes: dict[str, int] = field(default_factory=dict)

    def listing(self, prefix: str) -> list[StoredObject]:
        return [StoredObject(key=prefix + name, size=size, etag="") for name, size in self.sizes.items()]


def published(name: str, each: int = 2) -> ListedFiles:
    weights = TABLE[name]["parameters"]
    folder = {f"{part}/model.fp16.safetensors": each * count for part, count in weights.items()}
    return ListedFiles(sizes={**folder, "unet/config.json": 1_000, "manifest.json": 1_000})


@pytest.mark.parametrize("each", [2, 4])
@pytest.mark.parametrize("name", TABLE)
def test_a_base_model_is_known_by_the_size_of_its_denoiser(name: str, each: int) -> None:
    base = base_manifest(name, "inpaint", family=TABLE[name]["family"])
    taken = needs(base, "lora", Hyperparameters(), 0, published(name, each))
    assert taken is not None
    assert taken.lesson.shape.name == name
    assert taken.base_bytes > each * TABLE[name]["parameters"]["unet"]


def test_of_a_family_that_is_not_trained_nothing_is_known() -> None:
    base = base_manifest("seen", "segment", family="clipseg")
    assert needs(base, "lora", Hyperparameters(), 0, published("tiny-inpaint")) is None


def planned(train: dict[str, Any], **changes: Any) -> FineTuningPlan:
    buckets, dependencies = make_stage()
    buckets.put("model", "base/tiny@v1/unet/diffusion_pytorch_model.safetensors", bytes(6_366_328))
    jobs = {**JOBS, "train": {**JOBS["train"], **train}}
    return make_plan(make_request(**changes), "run-1", jobs, dependencies)


def test_a_training_that_fits_is_planned() -> None:
    plan = planned({"volume_gib": 30})
    assert plan.estimate
    assert plan.estimate.minutes
    assert plan.arguments["evaluate"][-1] == f"--expected={plan.estimate}"
    read = parser().parse_args(["evaluate", *plan.arguments["evaluate"]])
    assert read.expected == str(plan.estimate)


def test_one_whose_disk_is_too_small_is_not() -> None:
    with pytest.raises(
        InvalidInputError, match=r"disk of the training job: got 'about \d+ GiB'; allowed: at most 1 GiB"
    ):
        planned({"instance": "ml.m5.xlarge", "volume_gib": 1})


def test_everything_that_is_too_small_is_said_at_once() -> None:
    wide = {"batch_size": 256, "gradient_checkpointing": False, "lora_rank": 256}
    with pytest.raises(InvalidInputError) as caught:
        planned({"instance": "ml.c5.large", "volume_gib": 1}, hyperparameters=wide)
    assert [each.what for each in caught.value.problems] == ["memory of ml.c5.large", "disk of the training job"]


def test_an_upscalers_training_is_sized_too() -> None:
    buckets, dependencies = make_stage()
    x4 = base_manifest("x4", "upscale", family="upscaler")
    buckets.put("model", f"base/{x4.reference}/{MANIFEST}", to_json(x4).encode())
    buckets.put("model", f"base/{x4.reference}/unet/diffusion_pytorch_model.safetensors", bytes(2 * 647_296))
    stage = replace(dependencies, upscaler=x4.reference)
    request = make_request(task="upscale", hyperparameters={"max_steps": 6_000, "batch_size": 4})
    plan = make_plan(request, "run-1", JOBS, stage)
    assert plan.estimate
    assert plan.estimate.training_minutes
    large = {**request, "hyperparameters": {"max_steps": 60, "batch_size": 256}}
    with pytest.raises(InvalidInputError, match=r"memory of ml\.c5\.large: got 'about \d+\.\d GiB'.*batch_size 1 with"):
        make_plan(large, "run-1", {**JOBS, "train": {**JOBS["train"], "instance": "ml.c5.large"}}, stage)
