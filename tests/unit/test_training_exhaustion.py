"""A job that memory or disk was too small for says so: at what, what it needed, and what to change. Nothing half-written is read."""

import argparse
import errno
import logging
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from torch import nn

from atelier_training.advice import of_fine_tuning, of_pretraining, of_step
from atelier_training.data.sampling import Drawn
from atelier_training.engine.checkpoint import FILE
from atelier_training.engine.exhaustion import DiskFullError, NotEnoughMemoryError, exhaustion_named, noted
from atelier_training.engine.interruption import InterruptedJobError, Interruption
from atelier_training.failure import guard
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs import fine_tune
from atelier_training.learners.fine_tune import FineTuneLearner
from contracts.errors import InvalidInputError
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from tests.unit.test_pretrain_loop import SETTINGS, Line, Points, data, train, weights
from tests.unit.training_root import JOB, write_training

__all__ = ["data"]

OF_CUDA = (
    "CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 22.06 GiB of which 1.19 GiB is free."
)


class Disk(NamedTuple):
    total: int
    used: int
    free: int


def raised(error: Exception, doing: str = "painting") -> pytest.ExceptionInfo[Exception]:
    """What comes out where ``error`` goes in."""
    interruption = Interruption()
    interruption.doing = doing
    with (
        pytest.raises(Exception) as info,
        exhaustion_named(interruption, lambda: ["batch_size 1", "a larger machine"], volume="jobs.volume_gib"),
    ):
        raise error
    return info


def torchs_own() -> Exception:
    with pytest.raises(RuntimeError) as info:
        torch.empty(2**50)
    return info.value


def numpys_own() -> Exception:
    with pytest.raises(MemoryError) as info:
        np.empty(2**58, np.uint8)
    return info.value


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(OF_CUDA),
        torchs_own(),
        numpys_own(),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("CUDA error: out of memory"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_memory_that_ran_out_is_named_whoever_says_it(error: Exception) -> None:
    named = raised(error).value
    assert isinstance(named, NotEnoughMemoryError)
    assert str(named).startswith("memory while painting: got ")
    assert str(named).endswith("allowed: batch_size 1 or a larger machine")
    assert named.__cause__ is error


def test_what_was_asked_for_and_what_is_needed_are_said() -> None:
    with pytest.raises(torch.OutOfMemoryError) as info, noted(lambda: "weights, gradients and optimizer are 17.98 GiB"):
        raise torch.OutOfMemoryError(OF_CUDA)
    told = str(raised(info.value).value)
    assert "got '2.50 GiB more than fits; weights, gradients and optimizer are 17.98 GiB'" in told
    # 2^50 single-precision values, of the host's memory.
    assert re.search(r"got '4194304\.00 GiB more than fits into \d+\.\d\d GiB'", str(raised(torchs_own()).value))


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
        shutil.Error([("a", "b", "[Errno 28] No space left on device: 'b'")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_full_disk_is_named_whoever_says_it(error: Exception) -> None:
    named = raised(error, "writing the trained weights").value
    assert isinstance(named, DiskFullError)
    assert (
        str(named) == "disk while writing the trained weights: got 'no space left'; allowed: a larger jobs.volume_gib"
    )


def test_a_writer_that_fails_once_more_when_it_is_closed_hides_nothing() -> None:
    closed = RuntimeError("unexpected pos 64 vs 0")
    closed.__context__ = OSError(errno.ENOSPC, "No space left on device")
    assert isinstance(raised(closed).value, DiskFullError)


@pytest.mark.parametrize(
    "error", [ValueError("a"), InvalidInputError("a", got=1, allowed="2"), InterruptedJobError("stopped")]
)
def test_other_errors_stay_what_they_are(error: Exception) -> None:
    assert raised(error).value is error


def test_it_ends_a_job_as_what_is_not_to_be_repeated(tmp_path: Path) -> None:
    def job() -> None:
        raise raised(torch.OutOfMemoryError(OF_CUDA)).value

    assert guard(job, tmp_path / "failure") == 1
    assert (tmp_path / "failure").read_text().startswith("NotEnoughMemoryError: memory while painting: got ")


def test_a_reason_that_cannot_be_written_still_ends_in_the_jobs_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "output").write_text("a file where the folder should be")

    def job() -> None:
        raise InvalidInputError("a", got=1, allowed="2")

    assert guard(job, tmp_path / "output/failure") == 1
    assert "InvalidInputError: a: got 1" in capsys.readouterr().err


def test_a_fine_tuning_says_at_which_step_and_which_settings_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write_training(tmp_path)
    losses, seen = FineTuneLearner.losses, list[int]()

    def until_the_third(self: FineTuneLearner, batch: Any) -> torch.Tensor:
        seen.append(1)
        if len(seen) == 3:
            raise torch.OutOfMemoryError(OF_CUDA)
        return losses(self, batch)

    monkeypatch.setattr(FineTuneLearner, "losses", until_the_third)
    with pytest.raises(NotEnoughMemoryError) as info:
        fine_tune.run(argparse.Namespace(), paths, Interruption())
    assert info.value.what == "memory while training step 3 of 4"
    assert "2.50 GiB more than fits; weights, gradients and optimizer are 0.00 GiB" in str(info.value.got)
    machine = "a larger jobs.training_instance"
    assert (
        info.value.allowed
        == f"gradient_checkpointing true or batch_size 1 with gradient_accumulation_steps 2 or {machine}"
    )


def job(**settings: str) -> FineTuneJob:
    return FineTuneJob.from_strings(JOB | settings)


def test_only_what_is_not_so_already_is_advised() -> None:
    small = {"batch_size": "1", "gradient_checkpointing": "true"}
    assert of_fine_tuning(job(**small)) == ["a larger jobs.training_instance"]
    assert of_fine_tuning(job(**small, train_text_encoder="true", method="full")) == [
        "max_grad_norm 0",
        "optimizer adamw_8bit",
        "train_text_encoder false",
        "method lora",
        "a larger jobs.training_instance",
    ]
    adds_up = job(**small, method="full", gradient_accumulation_steps="2")
    for unclipped in (adds_up, job(**small, method="full", max_grad_norm="0")):
        assert of_fine_tuning(unclipped)[0] == "optimizer adamw_8bit"
    assert of_fine_tuning(job(**small, lora_rank="64"))[0] == "lora_rank 8"
    assert of_fine_tuning(job(**small, method="full", optimizer="adamw_8bit"))[0] == "optimizer adamw_8bit_paged"
    assert of_fine_tuning(job(**small, method="full", optimizer="adamw_8bit_paged"))[0] == "method lora"
    assert of_pretraining(PretrainHyperparameters(batch=1, sharding="fsdp")) == ["a larger pretraining.train_instance"]
    assert of_pretraining(PretrainHyperparameters())[:2] == ["sharding fsdp", "a smaller batch"]
    assert of_step("segment") == of_step("evaluate") == ["a larger jobs.processing_instance"]


def test_a_checkpoint_for_which_there_is_no_room_leaves_the_one_before_as_it_was(
    data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some file systems say so only when they are asked to write for good."""
    synced, calls = os.fsync, list[int]()

    def full_at_the_second(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", full_at_the_second)
    with pytest.raises(OSError, match="No space left") as info:
        train(Line(), data, SETTINGS, tmp_path / "parts")
    assert "a checkpoint is 0.00 GiB, and " in str(raised(info.value).value)
    assert [each.name for each in (tmp_path / "parts").iterdir()] == [FILE]
    resumed, whole = Line(), Line()
    train(resumed, data, SETTINGS, tmp_path / "parts")
    train(whole, data, SETTINGS, tmp_path / "whole")
    assert resumed.seen == whole.seen[5:]
    assert all(torch.equal(a, weights(tmp_path / "parts")[n]) for n, a in weights(tmp_path / "whole").items())


@pytest.mark.parametrize("damage", ["cut off", "emptied", "one byte"])
def test_a_damaged_checkpoint_is_not_read_and_the_run_comes_to_the_same_weights(
    data: Any, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    whole = Line()
    train(whole, data, SETTINGS, tmp_path / "whole")
    folder = tmp_path / "parts"
    with pytest.raises(InterruptedJobError):
        train(Line(stop_at=7), data, SETTINGS, folder)
    body = bytearray((folder / FILE).read_bytes())
    saved = torch.load(folder / FILE, weights_only=True)["weights"]["weight"]
    if damage == "one byte":
        body[body.index(saved.numpy().tobytes())] ^= 0x40
    (folder / FILE).write_bytes(
        {"cut off": bytes(body[: len(body) // 2]), "emptied": b"", "one byte": bytes(body)}[damage]
    )
    again = Line()
    with caplog.at_level(logging.WARNING):
        train(again, data, SETTINGS, folder)
    assert again.seen == whole.seen
    assert f"{FILE} is damaged" in caplog.text
    assert all(torch.equal(a, weights(folder)[n]) for n, a in weights(tmp_path / "whole").items())


def test_the_rest_of_a_killed_process_does_not_take_the_disk_of_the_next(data: Any, tmp_path: Path) -> None:
    class SeesPartial(Line):
        def batch(self, drawn: Sequence[Drawn]) -> Points:
            assert not list(tmp_path.glob("*.partial"))
            return super().batch(drawn)

    (tmp_path / f"{FILE}.partial").write_bytes(b"half")
    train(SeesPartial(), data, SETTINGS, tmp_path)


def test_checkpoints_that_will_not_fit_end_a_run_after_its_first_step(
    data: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (
        2 * 3 * 4 + 2 * 4
    )  # weight and bias: value, mean and mean square in single precision, and AdamW's count of steps
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(100, 100, 2 * size - 1))
    averaged = SETTINGS.model_copy(update={"ema": 0.0})
    line = Line()
    with pytest.raises(DiskFullError, match=r"free disk for checkpoints at .*volume_gib"):
        train(line, data, averaged, tmp_path / "several")
    assert len(line.seen) == 1
    once = averaged.model_copy(update={"checkpoint_every": 12})
    train(Line(), data, once, tmp_path / "once")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Disk(100, 100, 2 * size))
    train(Line(), data, averaged, tmp_path / "fits")


def test_what_is_trained_is_in_single_precision_whoever_loaded_it(data: Any, tmp_path: Path) -> None:
    class Rough(Line):
        def __init__(self) -> None:
            super().__init__()
            self.module = nn.Linear(1, 1, dtype=torch.bfloat16)

    with pytest.raises(ValueError, match=r"got torch\.bfloat16 in weight and 1 more; allowed: torch\.float32"):
        train(Rough(), data, SETTINGS, tmp_path)
