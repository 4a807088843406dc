"""How much memory of the device a step takes at most, by family, method, batch, optimizer and whether activations are computed twice.

The denoiser alone: where words are encoded and pictures cached, nothing else is on the device while the loop runs. Beside it stands what
``contracts.training_needs`` counts before a training is paid for, which must be no less; and what the libraries and the allocator hold
besides.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, cast

import torch

from atelier_training.engine.optimizers import adamw_named
from atelier_training.engine.parallel import clip
from atelier_training.engine.released import ReleasedGradients
from bench.gpu.findings import Findings
from bench.gpu.shapes import PUBLISHED, inputs_of, learning, shaped
from contracts.execution import Method
from contracts.hyperparameters import Hyperparameters
from contracts.machine_sizes import size_of
from contracts.training_needs import Shape, SizedTraining, gpu_memory
from contracts.training_table import TABLE
from diffusion import unquantised
from diffusion.lora_shape import LoraShape
from diffusion.trained_model import trainable

RANK = 8
LIMIT = 1.0
"""The norm that gradients are clipped by."""
BATCHES = (1, 4)
ONE_GPU = "ml.g5.xlarge"
"""A machine whose GPU computes in bf16, as those that this is for do."""
_MIB = 2**20
COUNTED = {"sd1": "sd15-inpaint", "sd2": "sd2-inpaint", "sdxl": "sdxl-inpaint", "upscaler": "sd-x4-upscaler"}
"""The row of the table that a training's memory is counted by, by family."""


@dataclass(frozen=True, kw_only=True)
class TrainedShape:
    """A row of the table. Without ``clipping`` gradients are let go as soon as they have moved their weights, as the catalogue asks for."""

    family: str
    method: str
    batch: int
    checkpointing: bool
    optimizer: str = "adamw"
    clipping: bool = True

    def __str__(self) -> str:
        twice = " checkpointing" if self.checkpointing else ""
        other = f" {self.optimizer}" if self.optimizer != "adamw" else ""
        unclipped = "" if self.clipping else " unclipped"
        return f"{self.family} {self.method} batch {self.batch}{twice}{other}{unclipped}"


def rows_of(families: Sequence[str]) -> list[TrainedShape]:
    """Each family by each method, alone and four at once, with and without checkpointing; and at its smallest by what needs less memory."""
    kinds = product(families, ("lora", "full"), BATCHES, (False, True))
    rows = [TrainedShape(family=f, method=m, batch=b, checkpointing=c) for f, m, b, c in kinds]
    rows += [TrainedShape(family=f, method="full", batch=1, checkpointing=True, clipping=False) for f in families]
    if not unquantised.is_installed():
        return rows
    small = product(families, ("adamw_8bit", "adamw_8bit_paged"))
    return rows + [
        TrainedShape(family=f, method="full", batch=1, checkpointing=True, optimizer=optimizer)
        for f, optimizer in small
    ]


def check_memory(
    found: Findings,
    device: torch.device,
    rows: Sequence[TrainedShape],
    shapes: Mapping[str, Mapping[str, Any]] = PUBLISHED,
    dtype: torch.dtype = torch.bfloat16,
) -> None:
    """The table, in MiB; 0 where no GPU counts them, and ``does not fit`` where the device has less."""
    table: dict[str, int | str] = {}
    for row in rows:
        counted = counted_mib(row)
        try:
            table[str(row)], held = _peak(row, shapes[row.family], device, dtype)
        except torch.OutOfMemoryError:
            table[str(row)], held = "does not fit", Held()
        found.rows.append(f"{row!s:<42} {table[str(row)]:>12}; with all else {held.mib:.0f}, counted {counted:.0f}")
        found.require(held.mib <= counted, f"memory: {row}: {held.mib:.0f} MiB are held; counted: {counted:.0f}")
        _say_overhead(found, held)
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
    found.numbers["memory_mib"] = table
    found.require(any(isinstance(each, int) for each in table.values()), f"memory: none of {len(rows)} fits")


@dataclass(frozen=True, kw_only=True)
class Held:
    """What a device that has no other user held at most, in MiB, and how much of that were tensors and how much CUDA and its libraries."""

    mib: float = 0.0
    tensors: float = 0.0
    libraries: float = 0.0


def counted_mib(row: TrainedShape) -> float:
    """What is counted for the denoiser and a step of it, with libraries and allocator."""
    settings: dict[str, Any] = {"batch_size": row.batch, "lora_rank": RANK, "gradient_checkpointing": row.checkpointing}
    settings |= {"optimizer": row.optimizer, "max_grad_norm": LIMIT if row.clipping else 0}
    tuning = Hyperparameters.model_validate(settings)
    assert not tuning.with_prior_preservation
    assert not tuning.train_text_encoder
    known = TABLE[COUNTED[row.family]]
    alone = {**known, "parameters": {**known["parameters"], "vae": 0}, "encode_mib": 0}
    shape, method = Shape(name=row.family, row=alone), cast(Method, row.method)
    return 1024 * gpu_memory(SizedTraining(shape=shape, method=method, tuning=tuning), size_of(ONE_GPU)).total


def _say_overhead(found: Findings, held: Held) -> None:
    """What the allocator holds over what tensors take, at most, and what CUDA and its libraries hold besides."""
    numbers = found.numbers
    if held.tensors:
        share = (held.mib - held.libraries) / held.tensors
        numbers["allocator_share"] = max(numbers.get("allocator_share", 0.0), round(share, 3))
        numbers["cuda_mib"] = max(numbers.get("cuda_mib", 0), round(held.libraries))


def _peak(row: TrainedShape, shape: Mapping[str, Any], device: torch.device, dtype: torch.dtype) -> tuple[int, Held]:
    steps = _made(row, shape, device, dtype)
    if device.type != "cuda":
        steps()
        return 0, Held()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)  # the weights were single while they were made
    steps()
    tensors, reserved = torch.cuda.max_memory_allocated(device), torch.cuda.max_memory_reserved(device)
    free, total = torch.cuda.mem_get_info(device)
    libraries = total - free - torch.cuda.memory_reserved(device)
    held = Held(mib=(reserved + libraries) / _MIB, tensors=tensors / _MIB, libraries=libraries / _MIB)
    return tensors // _MIB, held


def _made(row: TrainedShape, shape: Mapping[str, Any], device: torch.device, dtype: torch.dtype) -> Callable[[], None]:
    """Two steps, to be done."""
    family = shaped(row.family, shape, device)
    if row.method == "lora":
        family.pipeline.unet.to(dtype)
    lora = LoraShape(rank=RANK, alpha=RANK) if row.method == "lora" else None
    trained = learning(family, lora=lora, text=False, checkpointing=row.checkpointing).to(device)
    (optimizer,) = adamw_named(row.optimizer, trained, lr=1e-5)
    released = None
    if not row.clipping:
        assert isinstance(optimizer, torch.optim.AdamW)
        released = ReleasedGradients(optimizer)
    inputs = inputs_of(family, shape, row.batch, device)

    def step_twice() -> None:
        for _ in range(2):  # the optimizer makes its state in the first
            optimizer.zero_grad()
            with torch.autocast(device.type, dtype):
                predicted = trained(*inputs)
            torch.autograd.backward(predicted.float().pow(2).mean())
            if row.clipping:
                clip(list(trainable(trained).values()), LIMIT, [optimizer])
            optimizer.step()
            if released:
                released.forget()

    return step_twice
