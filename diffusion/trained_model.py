"""What is trained of a base model: LoRA matrices beside its weights, or the weights themselves."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig
from torch import Tensor, nn

from contracts.errors import InvalidInputError
from diffusion.lora_added import add_where_small
from diffusion.lora_shape import LoraShape
from diffusion.trainee import ATTENTION, LearningFamily, Trainee, Words


class TrainedModel(nn.Module):
    """The denoiser and, where they are trained too, the text encoders: everything that gets gradients, as one module."""

    def __init__(self, family: LearningFamily, parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.family = family
        self._parts = nn.ModuleDict(parts)

    def forward(
        self, noisy: Tensor, masks: Tensor, masked: Tensor, timesteps: Tensor, words: Words, frames: Tensor
    ) -> Tensor:
        """What the denoiser predicts (n, c, h, w); see ``Trainee`` for the arguments.

        ``words`` are token ids where the text encoders are trained, else encoded.
        """
        family = self.family
        assert isinstance(family, Trainee)
        encoded = family.words(words) if self.trains_words else words
        return family.predict(family.denoiser_inputs(noisy, masks, masked), timesteps, encoded, frames)

    @property
    def parts(self) -> dict[str, Any]:
        """What is trained, by its name in the pipeline."""
        return dict(self._parts.items())

    @property
    def trains_words(self) -> bool:
        """Whether the text encoders are trained."""
        return len(self._parts) > 1


def train_parts(
    family: Trainee,
    *,
    lora: LoraShape | None,
    train_text_encoder: bool,
    gradient_checkpointing: bool,
    keeps: Collection[str] = (),
) -> TrainedModel:
    """The model with ``trainable_parts``, as it is trained."""
    parts = trainable_parts(
        family,
        lora=lora,
        train_text_encoder=train_text_encoder,
        gradient_checkpointing=gradient_checkpointing,
        keeps=keeps,
    )
    return TrainedModel(family, parts).train()


def trainable_parts(
    family: LearningFamily,
    *,
    lora: LoraShape | None,
    train_text_encoder: bool,
    gradient_checkpointing: bool,
    keeps: Collection[str] = (),
) -> dict[str, Any]:
    """Freeze the model, make a LoRA or, without one, every weight trainable in float32, and let the idle parts go but ``keeps``.

    Raises InvalidInputError where none of the layers that a LoRA is wanted on are there.
    """
    names = [family.denoiser, *(family.tokenizers if train_text_encoder else ())]
    for name, part in family.pipeline.components.items():
        if isinstance(part, nn.Module):
            part.requires_grad_(False)
            if name not in names and name not in keeps:
                setattr(family.pipeline, name, None)
    for name in names:
        if lora:
            _add_lora(getattr(family.pipeline, name), lora, family.lora_targets[name])
        else:
            _train_whole(family, name)
    parts = {name: getattr(family.pipeline, name) for name in names}
    for name, part in parts.items():
        for parameter_name, parameter in part.named_parameters():
            if any(idle in parameter_name for idle in family.idle(name)):
                parameter.requires_grad_(False)
    if gradient_checkpointing:
        for part in parts.values():
            # Activations are computed again in the backward pass: diffusers and transformers have different names for it.
            diffusers_part = hasattr(part, "enable_gradient_checkpointing")
            (part.enable_gradient_checkpointing if diffusers_part else part.activation_checkpointing_enable)()
    return parts


def trainable(module: nn.Module) -> Mapping[str, nn.Parameter]:
    """The parameters that get gradients, by name."""
    return {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}


def _add_lora(part: Any, shape: LoraShape, targets: Sequence[str]) -> None:
    wanted = [target for target in targets if target in ATTENTION or not shape.attention_only]
    if not any(name.endswith(tuple(f".{target}" for target in wanted)) for name, _ in part.named_modules()):
        raise InvalidInputError("lora_targets", got="attention", allowed="all: the base model has no attention")
    config = LoraConfig(
        r=shape.rank,
        lora_alpha=shape.alpha,
        lora_dropout=shape.dropout,
        init_lora_weights="gaussian",
        target_modules=wanted,
    )
    part.add_adapter(config)
    # Half precision is too coarse for small updates.
    for parameter in trainable(part).values():
        parameter.data = parameter.data.float()
    add_where_small(part)


def _train_whole(family: LearningFamily, name: str) -> None:
    """Train a part from its weights as they were saved: as loaded, they may have been rounded to half precision."""
    part = getattr(family.pipeline, name)
    if part.dtype != torch.float32:
        folder = Path(family.pipeline.name_or_path) / name
        part = type(part).from_pretrained(folder).float().to(family.device)
        setattr(family.pipeline, name, part)
    part.requires_grad_(True)
