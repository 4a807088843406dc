"""Whether a fine-tuning fits its machine: by family, method and what it is told."""

from typing import Any

import pytest

from contracts.execution import METHODS, Method
from contracts.families import FAMILIES
from contracts.hyperparameters import Hyperparameters
from contracts.machine_sizes import size_of
from contracts.training_limits import JobRoom, problems
from contracts.training_needs import GIB, WAITING_MIB, SizedTraining, gpu_memory, shape_of
from contracts.training_table import TABLE
from infra.config import STAGES
from models.catalogue import CATALOGUE, find


def lesson(name: str, method: Method, **changes: Any) -> SizedTraining:
    """The catalogued training of a base model, with these hyperparameters in place of its own."""
    entry, row = find(name), TABLE[name]
    shape = shape_of(entry.family, 2 * row["parameters"]["unet"])
    assert shape is not None
    tuning = Hyperparameters.from_json({**entry.training[method], **changes})
    return SizedTraining(shape=shape, method=method, tuning=tuning)


def refusals(of: SizedTraining, instance: str, **more: Any) -> list[str]:
    return [str(each) for each in problems(of, JobRoom(instance=instance, **more))]


TRAINABLE = [name for name, entry in CATALOGUE.items() if entry.family in FAMILIES]


def test_every_trainable_base_model_has_a_row_of_its_family() -> None:
    assert {name: TABLE[name]["family"] for name in TABLE} == {name: find(name).family for name in TRAINABLE}


@pytest.mark.parametrize("name", TRAINABLE)
@pytest.mark.parametrize("method", METHODS)
def test_what_stages_offer_fits_their_machines_or_is_refused_with_what_does(name: str, method: Method) -> None:
    for stage in STAGES.values():
        if name not in (*stage.base_models, stage.serving.upscaler):
            continue
        found = refusals(lesson(name, method), stage.jobs.training_instance, volume_gib=stage.jobs.volume_gib)
        if (name, method) == ("sdxl-inpaint", "full"):
            assert found
            assert "method lora" in found[0]
        else:
            assert found == [], stage.name


@pytest.mark.parametrize(
    ("name", "method", "instance", "changes", "said"),
    [
        (
            "sd2-inpaint",
            "full",
            "ml.g5.2xlarge",
            {"train_text_encoder": True, "max_grad_norm": 1.0},
            "max_grad_norm 0 or optimizer adamw_8bit or train_text_encoder false",
        ),
        ("sd2-inpaint", "full", "ml.g4dn.xlarge", {}, "method lora"),
        ("sd15-inpaint", "full", "ml.g4dn.xlarge", {}, "method lora"),
        (
            "sd15-inpaint",
            "lora",
            "ml.g5.xlarge",
            {"batch_size": 64},
            "batch_size 1 with gradient_accumulation_steps 64",
        ),
        ("sd15-inpaint", "full", "ml.m5.xlarge", {}, "method lora"),
        ("sdxl-inpaint", "full", "ml.g5.2xlarge", {}, "method lora"),
        (
            "sd-x4-upscaler",
            "full",
            "ml.g4dn.xlarge",
            {"batch_size": 8},
            "batch_size 1 with gradient_accumulation_steps 8",
        ),
        ("sd-x4-upscaler", "lora", "ml.g5.xlarge", {"batch_size": 16}, "jobs.training_instance ml.g6e.xlarge"),
        (
            "sdxl-inpaint",
            "lora",
            "ml.g5.2xlarge",
            {"gradient_checkpointing": False, "batch_size": 4},
            "gradient_checkpointing true",
        ),
    ],
)
def test_what_is_too_large_is_refused_with_numbers_and_what_to_change(
    name: str, method: Method, instance: str, changes: dict[str, Any], said: str
) -> None:
    found = refusals(lesson(name, method, **changes), instance)
    assert found
    assert any(said in each for each in found), found
    assert all("GiB" in each for each in found)


def test_what_is_said_to_be_enough_is_enough() -> None:
    large = lesson("sd2-inpaint", "full", train_text_encoder=True, max_grad_norm=1.0)
    assert refusals(large, "ml.g5.2xlarge")
    assert not refusals(large.with_tuning(train_text_encoder=False), "ml.g5.2xlarge")
    assert "optimizer adamw_8bit" in refusals(large, "ml.g5.2xlarge")[0]
    assert not refusals(large.with_tuning(optimizer="adamw_8bit"), "ml.g5.2xlarge")
    assert not refusals(large.with_tuning(max_grad_norm=0.0), "ml.g5.2xlarge")
    assert not refusals(large, "ml.g6e.xlarge")


def test_host_memory_and_disk_are_refused_at_once_with_the_gpu() -> None:
    found = refusals(lesson("sd15-inpaint", "full", batch_size=256), "ml.g5.xlarge", volume_gib=1)
    assert [each.split(":")[0] for each in found] == ["GPU memory of ml.g5.xlarge"]
    on_cpu = refusals(lesson("sd15-inpaint", "full", batch_size=256), "ml.m5.xlarge", volume_gib=1)
    assert [each.split(":")[0] for each in on_cpu] == ["memory of ml.m5.xlarge", "disk of the training job"]


def test_an_adapter_needs_little_and_all_weights_twelve_bytes_each_or_sixteen_where_gradients_wait() -> None:
    full, adapter, machine = lesson("sd15-inpaint", "full"), lesson("sd15-inpaint", "lora"), size_of("ml.g5.2xlarge")
    assert gpu_memory(full, machine).state == pytest.approx(12 * 859_535_364 / GIB + WAITING_MIB / 1024)
    clipped = gpu_memory(full.with_tuning(max_grad_norm=1.0), machine)
    assert clipped.state == pytest.approx(16 * 859_535_364 / GIB)
    assert gpu_memory(adapter, machine).total < gpu_memory(full, machine).total / 2


def test_a_base_model_of_nobodys_size_counts_as_the_next_larger_one() -> None:
    tiny, published = TABLE["tiny-inpaint"]["parameters"]["unet"], TABLE["sd15-inpaint"]["parameters"]["unet"]
    between, beyond = shape_of("sd1", 10 * tiny), shape_of("sd1", 4 * published)
    assert between is not None
    assert (between.name, between.scale) == ("sd15-inpaint", 1.0)
    assert beyond is not None
    assert beyond.name == "sd15-inpaint"
    assert beyond.scale in (1.0, 2.0)
    assert shape_of("clipseg", 1) is None


def test_of_a_type_that_is_not_known_nothing_is_said() -> None:
    assert size_of("ml.p6-b200.48xlarge").gpu_gib is None
    assert refusals(lesson("sd2-inpaint", "full"), "ml.p6-b200.48xlarge") == []
