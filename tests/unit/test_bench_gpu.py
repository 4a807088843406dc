"""The GPU check's parts, run where there is no GPU: each does on a CPU what it does on one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from bench.gpu import __main__ as gpu_check
from bench.gpu.compiled import check_compiled
from bench.gpu.families import (
    FAMILIES,
    check_optimizers,
    check_painting,
    check_training,
    enlarging_jobs,
    small_jobs,
)
from bench.gpu.findings import Findings, check_all
from bench.gpu.memory import COUNTED, TrainedShape, check_memory, counted_mib, rows_of
from bench.gpu.shapes import PUBLISHED, inputs_of, learning, shaped
from bench.gpu.together import check_together
from bench.train.steps import CPU
from contracts.families import FAMILIES as KNOWN
from contracts.training_table import TABLE
from diffusion.family import find_family
from diffusion.trainee import LearningFamily, Trainee
from tests.unit.training_root import write_training

SMALL = {"block_out_channels": (8, 16, 16), "norm_num_groups": 4, "sample_size": 8, "layers_per_block": 1}
SMALLER = {
    "sd1": {**PUBLISHED["sd1"], **SMALL, "block_out_channels": (8, 16, 16, 16), "cross_attention_dim": 16},
    "sdxl": {**PUBLISHED["sdxl"], **SMALL, "attention_head_dim": 4, "transformer_layers_per_block": 1},
    "upscaler": {**PUBLISHED["upscaler"], **SMALL, "block_out_channels": (8, 16, 16, 16), "attention_head_dim": 4},
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_without_a_gpu_it_says_so_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["bench.gpu"])
    assert gpu_check.main() == 3
    said = capsys.readouterr().err
    assert "gpu-check: got no CUDA device" in said
    assert "allowed: a machine with an NVIDIA GPU" in said


def test_every_family_that_can_be_fine_tuned_is_checked() -> None:
    painting = {name for name in KNOWN if issubclass(find_family(name, object), Trainee)}  # type: ignore[type-var]
    assert {*FAMILIES} == painting
    assert len(small_jobs()) == len(painting) * 4
    learning = {name for name in KNOWN if issubclass(find_family(name, object), LearningFamily)}  # type: ignore[type-var]
    assert {*PUBLISHED} == {*COUNTED} == learning == {*painting, "upscaler"}
    names = [f"upscaler {error} {method}" for error in ("latents", "pictures") for method in ("lora", "full")]
    assert [str(each) for each in enlarging_jobs()] == names


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_family_trains_in_half_precision(tmp_path: Path, precision: str) -> None:
    found = Findings()
    check_training(found, tmp_path, CPU, small_jobs(["sd1"])[:2], [precision])
    assert found.failures == []
    assert len(found.rows) == 2


@pytest.mark.parametrize(("number", "precision"), [(0, "fp16"), (1, "bf16"), (2, "bf16"), (3, "fp16")])
def test_an_upscaler_trains_in_half_precision(tmp_path: Path, number: int, precision: str) -> None:
    job, found = enlarging_jobs()[number], Findings()
    check_training(found, tmp_path, CPU, [job], [precision])
    assert found.failures == []
    assert [row.split("  ")[0] for row in found.rows] == [str(job)]


def test_a_loss_that_half_precision_spoils_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.gpu.families.MOST_DIFFERENCE", -1.0)
    found = Findings()
    check_training(found, tmp_path, CPU, small_jobs(["sd1"])[:1], ["bf16"])
    (failure,) = found.failures
    assert failure.startswith("sd1 inpaint lora, bf16: first loss off by")


def test_a_smaller_optimizer_is_compared_with_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Findings()
    check_optimizers(found, tmp_path / "1", CPU, ["adamw_8bit"])
    assert found.failures == []
    assert [row.split()[0] for row in found.rows] == ["adamw", "adamw_8bit"]
    monkeypatch.setattr("bench.gpu.families.MOST_DIFFERENCE", -1.0)
    check_optimizers(found, tmp_path / "2", CPU, ["adamw_8bit"])
    assert found.failures[-1].startswith("adamw_8bit: one of the first two losses is off by")


def test_every_family_paints(tmp_path: Path) -> None:
    found = Findings()
    check_painting(found, tmp_path, CPU, ["sdxl"])
    assert found.numbers == {"painted": 3}


@pytest.mark.parametrize("family", list(SMALLER))
@pytest.mark.parametrize("method", ["lora", "full"])
def test_the_memory_of_a_shape_is_a_row(family: str, method: str) -> None:
    rows = [TrainedShape(family=family, method=method, batch=2, checkpointing=c) for c in (False, True)]
    rows.append(TrainedShape(family=family, method=method, batch=2, checkpointing=True, clipping=False))
    found = Findings()
    check_memory(found, CPU, rows, SMALLER)
    assert found.failures == []
    assert found.numbers["memory_mib"] == {str(row): 0 for row in rows}


def test_a_shape_that_does_not_fit_is_a_row_and_all_of_them_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("bench.gpu.memory._peak", full)
    found = Findings()
    rows = rows_of(["sd1"])
    check_memory(found, CPU, rows, SMALLER)
    assert {*found.numbers["memory_mib"].values()} == {"does not fit"}
    assert found.failures == [f"memory: none of {len(rows)} fits"]


def test_a_compiled_denoiser_has_the_same_loss(tmp_path: Path) -> None:
    found = Findings()
    check_compiled(found, write_training(tmp_path), CPU, "lora", backend="eager", rounds=1)
    assert found.failures == []
    assert found.numbers["compiled_ratio_lora"] > 0


@pytest.mark.parametrize("count", [1, 2])
def test_processes_train_together_what_one_does(tmp_path: Path, count: int) -> None:
    found = Findings()
    check_together(found, tmp_path, CPU, count)
    assert found.failures == []
    assert found.numbers == {"processes": count, "backend": "gloo"}


def test_a_part_that_breaks_is_a_failure_and_the_others_are_run(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: Findings) -> None:
        raise RuntimeError("no kernel image is available")

    found = check_all({"first": broken, "second": lambda found: found.numbers.update(done=1)}, 60)
    assert found.failures == ["first: RuntimeError: no kernel image is available"]
    assert found.numbers == {"done": 1}
    assert "== second" in capsys.readouterr().out


def test_no_part_is_begun_when_time_is_over() -> None:
    found = check_all({"first": lambda found: found.numbers.update(done=1)}, 0)
    assert found.numbers == {"not_run": ["first"]}
    assert found.failures == []


@pytest.mark.parametrize(
    ("family", "weights"),
    [("sd1", 859_535_364), ("sd2", 865_925_124), ("sdxl", 2_567_478_084), ("upscaler", 473_398_020)],
)
def test_a_published_shape_has_as_many_weights_as_the_published_model_and_takes_its_inputs(
    family: str, weights: int
) -> None:
    nowhere, shape = torch.device("meta"), PUBLISHED[family]
    model = shaped(family, shape, nowhere)
    assert sum(each.numel() for each in model.pipeline.unet.parameters()) == weights
    trained = learning(model, lora=None, text=False, checkpointing=False)
    assert trained(*inputs_of(model, shape, 2, nowhere)).shape == (2, 4, shape["sample_size"], shape["sample_size"])


def test_every_part_has_its_arguments(tmp_path: Path) -> None:
    parts = gpu_check.parts(tmp_path, CPU)
    assert list(parts) == ["together", "painting", "training", "optimizers", "memory", "steps", "compiled"]


def test_without_clipping_all_gradients_but_32_mib_are_counted_out() -> None:
    clipped, unclipped = (
        TrainedShape(family="sd1", method="full", batch=1, checkpointing=True, clipping=clips)
        for clips in (True, False)
    )
    gradients = 4 * TABLE[COUNTED["sd1"]]["parameters"]["unet"] / 2**20
    assert counted_mib(clipped) - counted_mib(unclipped) == pytest.approx(1.08 * (gradients - 32))
    assert f"{unclipped}" == f"{clipped} unclipped"
    assert unclipped in rows_of(["sd1"])
