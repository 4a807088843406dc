"""What a training step of a model takes beyond its weights, their gradients and AdamW's: counted in fake tensors, whatever the machine."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

from bench.gpu.shapes import learning
from bench.needs.live import LiveBytes, as_on_a_gpu
from bench.needs.shapes import shaped
from contracts.execution import UPSCALE
from contracts.pictures import UPSCALING
from diffusion.family import find_family
from diffusion.lora_shape import LoraShape
from diffusion.trainee import LearningFamily, Trainee
from diffusion.upscaler import Upscaler
from models.catalogue import CatalogueEntry

MIB = 2**20
TOKENS = 77
_BATCHES = (1, 2)
_RANKS = (8, 128)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What one step took: the most bytes at once, and the operations."""

    bytes: int
    operations: int


@dataclass(frozen=True, kw_only=True)
class StepNeeds:
    """MiB: ``fixed`` for the step, ``picture`` for each picture of a batch, ``rank`` for each picture and rank; ``teraflop`` a picture."""

    fixed: int
    picture: float
    rank: float
    teraflop: float


def step_needs(entry: CatalogueEntry, method: str, *, text: bool, checkpointing: bool) -> StepNeeds:
    """By the batch's pictures and an adapter's rank: a line that is nowhere below what was counted at the batches that were tried."""
    low, high = _RANKS

    def taken(batch: int, rank: int) -> Taken:
        return step(entry, method, batch=batch, rank=rank, text=text, checkpointing=checkpointing)

    tried = [taken(batch, low) for batch in _BATCHES]
    sizes = [each.bytes / MIB for each in tried]
    steepest = max((b - a) / (n - m) for a, b, m, n in zip(sizes, sizes[1:], _BATCHES, _BATCHES[1:], strict=False))
    ranked = 0.0
    if method == "lora":
        ranked = max(0.0, (taken(_BATCHES[-1], high).bytes / MIB - sizes[-1]) / (high - low) / _BATCHES[-1])
    return StepNeeds(
        fixed=_up(sizes[0] - steepest),
        picture=round(steepest - low * ranked + 0.05, 1),
        rank=round(ranked + 0.0005, 3),
        teraflop=_digits(tried[0].operations / 1e12),
    )


def step(entry: CatalogueEntry, method: str, *, batch: int, rank: int, text: bool, checkpointing: bool) -> Taken:
    """One step in half precision whose gradients were there before, as where several batches make a step."""
    with FakeTensorMode():
        family = of_shape(entry, torch.bfloat16 if method == "lora" else torch.float32)
        arguments = _batch(family, entry, batch, text=text)
        with _unmoved():
            lora = LoraShape(rank=rank, alpha=rank) if method == "lora" else None
            trained = learning(family, lora=lora, text=text, checkpointing=checkpointing)
        for each in trained.parameters():
            each.grad = torch.zeros_like(each) if each.requires_grad else None
        known = [*trained.parameters(), *trained.buffers(), *_gradients(trained)]
        gc.collect()
        gc.freeze()  # what is there already need not be looked at again
        with as_on_a_gpu(), LiveBytes(known, collects=checkpointing) as live, _operations() as operations:
            with torch.autocast("cpu", torch.bfloat16):
                loss = _compared(family, trained(*arguments)).pow(2).mean()
            torch.autograd.backward(loss)
        gc.unfreeze()
        return Taken(bytes=live.most, operations=operations.get_total_flops())


def encoding(entry: CatalogueEntry, pictures: int) -> Taken:
    """Encoding that many pictures at once, of an upscaler's pairs the large ones. Some autoencoders compute in single precision."""
    whole = find_family(entry.family, LearningFamily)  # type: ignore[type-abstract]
    kind = torch.float32 if whole.encodes_in_single_precision else torch.bfloat16
    side = entry.resolution * (UPSCALING if entry.task == UPSCALE else 1)
    pixels = (pictures, 3, side, side)
    return _without_gradients(entry, lambda family: family.encode_pictures(torch.zeros(pixels)), kind)


def decoding(entry: CatalogueEntry) -> Taken:
    """Decoding one picture."""

    def decoded(family: LearningFamily) -> Tensor:
        latents = torch.zeros(1, _channels(family), *_side(family, entry), dtype=torch.bfloat16)
        picture: Tensor = family.pipeline.vae.decode(latents).sample
        return picture

    return _without_gradients(entry, decoded)


def denoising(entry: CatalogueEntry) -> Taken:
    """The denoiser's forward pass for one picture without guidance."""
    return _without_gradients(entry, lambda family: _predicted(family, entry))


def numbers(entry: CatalogueEntry) -> tuple[dict[str, int], dict[str, int]]:
    """How many weights each part has, and how many an adapter of rank 1 would add to it."""
    with FakeTensorMode():
        family = of_shape(entry, torch.bfloat16)
        parts = {name: each for name, each in family.pipeline.components.items() if isinstance(each, nn.Module)}
        whole = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
        with _unmoved():
            lora, text = LoraShape(rank=1, alpha=1), isinstance(family, Trainee)
            trained = learning(family, lora=lora, text=text, checkpointing=False)
        added = {
            name: sum(p.numel() for p in part.parameters() if p.requires_grad) for name, part in trained.parts.items()
        }
    return whole, added


def of_shape(entry: CatalogueEntry, dtype: torch.dtype) -> LearningFamily:
    """The model, all of it in ``dtype``: fake tensors cannot be changed in place."""
    torch.set_default_dtype(dtype)
    try:
        return shaped(entry)
    finally:
        torch.set_default_dtype(torch.float32)


def _compared(family: LearningFamily, predicted: Tensor) -> Tensor:
    """What an error is measured of: the prediction, or the pictures that an upscaler's autoencoder makes of it."""
    if isinstance(family, Upscaler) and family.predicts_pictures:
        return family.decode(predicted.float())
    return predicted.float()


def _batch(family: LearningFamily, entry: CatalogueEntry, count: int, *, text: bool) -> Sequence[Any]:
    side = _side(family, entry)
    latents, steps = torch.zeros(count, _channels(family), *side), torch.zeros(count, dtype=torch.long)
    if isinstance(family, Upscaler):
        states = torch.zeros(count, TOKENS, family.pipeline.unet.config.cross_attention_dim)
        return latents, torch.zeros(count, 3, *side), steps, steps, {"states": states}
    masks = torch.zeros(count, 1, *side)
    words: dict[str, Tensor]
    if text:
        words = {name: torch.zeros(count, _tokens(family, name), dtype=torch.long) for name in family.tokenizers}
    else:
        config = family.pipeline.unet.config
        words = {"states": torch.zeros(count, TOKENS, config.cross_attention_dim), "pooled": torch.zeros(count, 1280)}
    return latents, masks, latents, steps, words, torch.zeros(count, 6)


def _channels(family: LearningFamily) -> int:
    return int(family.pipeline.vae.config.latent_channels)


def _tokens(family: LearningFamily, encoder: str) -> int:
    return min(TOKENS, int(getattr(family.pipeline, encoder).config.max_position_embeddings))


def _predicted(family: LearningFamily, entry: CatalogueEntry) -> Tensor:
    if isinstance(family, Upscaler):
        latents, small, steps, levels, states = _batch(family, entry, 1, text=False)
        shown = {name: each.bfloat16() for name, each in states.items()}
        return family.predict(latents.bfloat16(), small.bfloat16(), steps, levels, shown)
    assert isinstance(family, Trainee)
    noisy, masks, masked, steps, words, frames = _batch(family, entry, 1, text=False)
    kept = {name: each.bfloat16() for name, each in words.items()}
    return family.predict(family.denoiser_inputs(noisy, masks, masked).bfloat16(), steps, kept, frames.bfloat16())


def _side(family: LearningFamily, entry: CatalogueEntry) -> tuple[int, int]:
    """Of latents: an upscaler's are as large as its small pictures."""
    if isinstance(family, Upscaler):
        return entry.resolution, entry.resolution
    side = entry.resolution // 2 ** (len(family.pipeline.vae.config.block_out_channels) - 1)
    return side, side


def _without_gradients(
    entry: CatalogueEntry, call: Callable[[LearningFamily], Tensor], dtype: torch.dtype = torch.bfloat16
) -> Taken:
    with FakeTensorMode(), torch.no_grad(), _unmoved():
        family = of_shape(entry, dtype)
        parts = [each for each in family.pipeline.components.values() if isinstance(each, nn.Module)]
        with LiveBytes(each for part in parts for each in part.parameters()) as live, _operations() as operations:
            call(family)
        return Taken(bytes=live.most, operations=operations.get_total_flops())


def _gradients(module: nn.Module) -> Iterator[Tensor]:
    yield from (each.grad for each in module.parameters() if each.grad is not None)


def _operations() -> FlopCounterMode:
    aten = torch.ops.aten
    forward, backward = (
        aten._scaled_dot_product_flash_attention_for_cpu,
        aten._scaled_dot_product_flash_attention_for_cpu_backward,
    )
    return FlopCounterMode(display=False, custom_mapping={forward: _attention, backward: _attention_backward})


def _attention(query: Any, key: Any, value: Any, *_rest: Any, out_shape: Any = None, **_named: Any) -> int:
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


def _attention_backward(grad: Any, query: Any, key: Any, value: Any, *_rest: Any, **_named: Any) -> int:
    return int(sdpa_backward_flop_count(grad, query, key, value))  # type: ignore[no-untyped-call]


@contextmanager
def _unmoved() -> Iterator[None]:
    """Adapters stay where they are made: moving fake ones is not possible, nor wanted."""
    moved = "peft.tuners.tuners_utils.BaseTunerLayer._move_adapter_to_device_of_base_layer"
    with patch.object(nn.Module, "_apply", lambda module, *_values, **_named: module), patch(moved):
        yield


def _up(value: float) -> int:
    return max(0, int(value) + 1)


def _digits(value: float) -> float:
    return float(f"{value:.3g}")
