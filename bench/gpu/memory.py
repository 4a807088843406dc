"""How much memory of the device a step takes at most, by family, method, batch, optimizer and whether activations are computed twice.

The denoiser alone: where words are encoded and pictures cached, nothing else is on the device while the loop runs.
"""

import gc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch

from atelier_training.engine.optimizers import adamw_named
from atelier_training.engine.parallel import clip
from bench.gpu.findings import Findings
from bench.gpu.shapes import PUBLISHED, shaped, words_of
from diffusion import unquantised
from diffusion.lora_shape import LoraShape
from diffusion.trained_model import train_parts, trainable

RANK = 8
BATCHES = (1, 4)
_MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class TrainedShape:
    """A row of the table."""

    family: str
    method: str
    batch: int
    checkpointing: bool
    optimizer: str = "adamw"

    def __str__(self) -> str:
        twice = " checkpointing" if self.checkpointing else ""
        other = f" {self.optimizer}" if self.optimizer != "adamw" else ""
        return f"{self.family} {self.method} batch {self.batch}{twice}{other}"


def rows_of(families: Sequence[str]) -> list[TrainedShape]:
    """Each family by each method, alone and four at once, with and without checkpointing; and at its smallest with a smaller optimizer."""
    kinds = product(families, ("lora", "full"), BATCHES, (False, True))
    rows = [TrainedShape(family=f, method=m, batch=b, checkpointing=c) for f, m, b, c in kinds]
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
        try:
            table[str(row)] = _peak(row, shapes[row.family], device, dtype)
        except torch.OutOfMemoryError:
            table[str(row)] = "does not fit"
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
        found.rows.append(f"{row!s:<36} {table[str(row)]:>12}")
    found.numbers["memory_mib"] = table
    found.require(any(isinstance(each, int) for each in table.values()), f"memory: none of {len(rows)} fits")


def _peak(row: TrainedShape, shape: Mapping[str, Any], device: torch.device, dtype: torch.dtype) -> int:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    _two_steps(row, shape, device, dtype)
    return torch.cuda.max_memory_allocated(device) // _MIB if device.type == "cuda" else 0


def _two_steps(row: TrainedShape, shape: Mapping[str, Any], device: torch.device, dtype: torch.dtype) -> None:
    family = shaped(row.family, shape, device)
    if row.method == "lora":
        family.pipeline.unet.to(dtype)
    lora = LoraShape(rank=RANK, alpha=RANK) if row.method == "lora" else None
    trained = train_parts(family, lora=lora, train_text_encoder=False, gradient_checkpointing=row.checkpointing).to(
        device
    )
    (optimizer,) = adamw_named(row.optimizer, trained, lr=1e-5)
    side, count = shape["sample_size"], row.batch
    latents, masks = torch.zeros(count, 4, side, side, device=device), torch.ones(count, 1, side, side, device=device)
    steps, frames = torch.zeros(count, dtype=torch.long, device=device), torch.zeros(count, 6, device=device)
    words = words_of(shape, count, device)
    for _ in range(2):  # the optimizer makes its state in the first
        optimizer.zero_grad()
        with torch.autocast(device.type, dtype):
            predicted = trained(latents, masks, latents, steps, words, frames)
        torch.autograd.backward(predicted.float().pow(2).mean())
        clip(list(trainable(trained).values()), 1.0, [optimizer])
        optimizer.step()
