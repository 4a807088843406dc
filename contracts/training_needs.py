"""What one fine-tuning takes of a machine: memory, disk and operations, from a table that ``make bench-needs`` measures.

Weights that are trained are kept with AdamW's two means in single precision, 12 bytes for each, or 6 where the means are in 8 bits, and 4
more for the gradient unless it is let go as soon as it has moved its weight; the others in half precision, or in single on a machine
without a GPU. What a step takes beyond that is in ``contracts/training_table.py``, by base model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from contracts.execution import Method
from contracts.families import UPSCALER
from contracts.hyperparameters import Hyperparameters
from contracts.machine_sizes import MachineSize
from contracts.training_table import TABLE

GIB = 2**30
_MIB_IN_GIB = 1024

WEIGHT_BYTES = 4
"""Of a trained weight, and as many of its gradient: single precision."""
MEANS_BYTES = {"adamw": 8, "adamw_8bit": 2, "adamw_8bit_paged": 2}
"""Of AdamW's two means for a trained weight, by the optimizer's name."""
WAITING_MIB = 32
"""Of gradients that are let go, at once: ``engine/released.py`` has AdamW move that much of them together."""
CHECKPOINTS = 2
"""On the disk at once: the last one, and the one that is being written."""

DECODING_OVER_ENCODING = 2.0
"""How much more activations an autoencoder has where it paints than where it encodes: taken to be so, not measured."""

_GPU_GIB, _GPU_SHARE = 1.0, 1.08
"""What CUDA and its libraries take for themselves, and how much more than its tensors the allocator holds: taken to be so.

``make gpu-check`` compares all of a step's sum with what a GPU held.
"""
_PROCESS_GIB = 3.0
"""Of a process with PyTorch and diffusers loaded, and of its pictures."""
_DISK_GIB = 2.0
"""For logs, the archive that is put up, and what the container itself writes."""
_SINGLE_OVER_HALF = 2.0
"""How much more activations in single precision take than in half: at most, as norms are in single in both."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What a base model is, as far as its training's needs go: a row of the table, whose figures times ``scale`` are its own."""

    name: str
    row: Mapping[str, Any]
    scale: float = 1.0

    def weights(self, part: str) -> float:
        """How many a part has."""
        return float(self.row["parameters"].get(part, 0)) * self.scale

    @property
    def text_encoders(self) -> tuple[str, ...]:
        """Their names in the pipeline."""
        return tuple(name for name in self.row["parameters"] if name.startswith("text_encoder"))


@dataclass(frozen=True, kw_only=True)
class SizedTraining:
    """What is trained of a shape, and how."""

    shape: Shape
    method: Method
    tuning: Hyperparameters

    def with_tuning(self, **changes: Any) -> "SizedTraining":
        """The same with other hyperparameters."""
        return replace(self, tuning=self.tuning.model_copy(update=changes))

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are trained."""
        return ("unet", *(self.shape.text_encoders if self.tuning.train_text_encoder else ()))

    @property
    def enlarges(self) -> bool:
        """Whether an upscaler learns: from parts of pictures, not from views of a garment."""
        return bool(self.shape.row["family"] == UPSCALER)

    @property
    def rows(self) -> int:
        """Pictures of one forward pass: with prior preservation as many of the class."""
        return self.tuning.batch_size * (2 if self.tuning.with_prior_preservation else 1)

    @property
    def trained(self) -> float:
        """Weights that are trained."""
        if self.method == "full":
            return sum(self.shape.weights(part) for part in self.parts)
        return sum(float(self.shape.row["adapter"][part]) for part in self.parts) * self.tuning.lora_rank

    def gradients(self, machine: MachineSize) -> float:
        """Bytes of gradients at once: all of them, unless nothing wants them together (``engine/released.py``).

        What wants them is the norm that they are clipped by, batches and GPUs whose gradients are added, the scale of a loss in fp16,
        and AdamW in 8 bits, which moves all weights in one call.
        """
        all_of_them, tuning = WEIGHT_BYTES * self.trained, self.tuning
        together = machine.gpus > 1 or machine.scales_losses or tuning.gradient_accumulation_steps > 1
        if together or tuning.max_grad_norm or tuning.optimizer != "adamw":
            return all_of_them
        return min(all_of_them, WAITING_MIB * 2**20)

    @property
    def checkpoint(self) -> float:
        """Bytes of what is trained and of AdamW's means, which a checkpoint keeps."""
        return (WEIGHT_BYTES + MEANS_BYTES[self.tuning.optimizer]) * self.trained

    @property
    def best(self) -> float:
        """Bytes of the best look's weights, which are kept in the host's memory and with the checkpoint."""
        return WEIGHT_BYTES * self.trained if self.tuning.validation_steps else 0.0

    @property
    def step(self) -> Mapping[str, float]:
        """The table's figures for a step."""
        text = "+text" if self.tuning.train_text_encoder else ""
        checkpointing = "+checkpointing" if self.tuning.gradient_checkpointing else ""
        found: Mapping[str, float] = self.shape.row["steps"][f"{self.method}{text}{checkpointing}"]
        return found

    @property
    def teraflop(self) -> float:
        """Operations (1e12) of one step with all its batches, of one process."""
        accumulated = self.tuning.gradient_accumulation_steps
        return self.step["teraflop"] * self.shape.scale * self.rows * accumulated


def shape_of(family: str, unet_bytes: int) -> Shape | None:
    """The shape of a base model by its family and the size of its denoiser's files; None of a family that the table does not have.

    The files hold half or single precision. Of a size that is nobody's it is the next larger model's shape, or the largest one's,
    scaled by its weights as if they were in half precision.
    """
    rows = sorted(
        ((row["parameters"]["unet"], name) for name, row in TABLE.items() if row["family"] == family),
        key=lambda r: r[0],
    )
    if not rows:
        return None
    for weights, name in rows:
        if any(abs(unet_bytes - size * weights) < 0.01 * size * weights for size in (2, 4)):
            return Shape(name=name, row=TABLE[name])
    larger = next((row for row in rows if 2 * row[0] >= unet_bytes), None)
    weights, name = larger or rows[-1]
    return Shape(name=name, row=TABLE[name], scale=1.0 if larger else unet_bytes / 2 / weights)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """GiB: ``state`` of what is trained with AdamW's means and the gradients that are there at once, ``frozen`` of what is not trained.

    ``step`` is what a step adds, ``own`` what libraries take.
    """

    state: float
    frozen: float
    step: float
    own: float

    @property
    def total(self) -> float:
        """All of it, and what libraries and the allocator add."""
        return (self.state + self.frozen + self.step) * (_GPU_SHARE if self.own == _GPU_GIB else 1.0) + self.own

    def __str__(self) -> str:
        return (
            f"about {self.total:.1f} GiB: {self.state:.1f} of weights, gradients and AdamW, {self.frozen:.1f} of what is not trained, "
            f"{self.step:.1f} of a step"
        )


def gpu_memory(lesson: SizedTraining, machine: MachineSize) -> Memory:
    """What each GPU of a machine must hold at once, views being encoded while the state is there."""
    return _memory(lesson, machine, half=True)


def host_memory(lesson: SizedTraining, machine: MachineSize) -> float:
    """GiB of the host: with GPUs a process for each, the parts as they are read, and a checkpoint as it is gathered; else all."""
    checkpoint, best = lesson.checkpoint / GIB, lesson.best / GIB
    if not machine.on_gpu:
        return _memory(lesson, machine, half=False).total + best
    read = max(4 * lesson.shape.weights(part) / GIB for part in ("unet", *lesson.shape.text_encoders))
    return machine.gpus * _PROCESS_GIB + max(machine.gpus * read, checkpoint) + best


def disk(lesson: SizedTraining, dataset_bytes: int, base_bytes: int) -> float:
    """GiB: the pictures with their masks, the base model, checkpoints, and the artifact as it is put up."""
    artifact = 4 * lesson.trained + (base_bytes if lesson.method == "full" else 0)
    kept = CHECKPOINTS * (lesson.checkpoint + lesson.best) + 2 * artifact
    return (2 * dataset_bytes + base_bytes + kept) / GIB + _DISK_GIB


def _memory(lesson: SizedTraining, machine: MachineSize, *, half: bool) -> Memory:
    shape, step = lesson.shape, lesson.step
    number = 2 if half else 4
    frozen = sum(shape.weights(part) for part in _kept(lesson))
    rank = lesson.tuning.lora_rank if lesson.method == "lora" else 0
    picture = step["picture"] + rank * step["rank"]
    # A view is encoded alone, between steps; a look decodes what it has painted, one by one where there is no room for more.
    between = shape.row["encode_mib"] * (DECODING_OVER_ENCODING if lesson.tuning.painted_at_a_look else 1.0)
    one_step = max(step["fixed"] + lesson.rows * picture, between) * shape.scale
    return Memory(
        state=(lesson.checkpoint + lesson.gradients(machine)) / GIB,
        frozen=number * frozen / GIB,
        step=one_step * (1.0 if half else _SINGLE_OVER_HALF) / _MIB_IN_GIB,
        own=_GPU_GIB if half else _PROCESS_GIB,
    )


def _kept(lesson: SizedTraining) -> Iterable[str]:
    """The parts that are there and not trained whole: text encoders go once the words are encoded, unless looks paint."""
    whole = lesson.parts if lesson.method == "full" else ()
    words = lesson.shape.text_encoders if lesson.tuning.painted_at_a_look else ()
    return dict.fromkeys(part for part in ("vae", *lesson.parts, *words) if part not in whole)
