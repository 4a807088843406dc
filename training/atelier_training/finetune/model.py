"""What is trained of a base model: LoRA matrices beside its weights, or the weights themselves."""

import logging
from collections.abc import Mapping
from typing import Any

from peft import LoraConfig
from torch import Tensor, nn

from atelier_training.finetune.config import TrainingJob

UNET_TARGETS = (
    *("to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out"),
    *("ff.net.0.proj", "ff.net.2"),
    *("conv1", "conv2", "conv_shortcut", "conv", "conv_out"),
    *("time_emb_proj", "proj"),
)
"""Attention, feed-forward, convolutions and embeddings: a garment's texture lives in the convolutions, and where a model adds the pooled
text to the time step, its colours come through the embeddings."""
TEXT_TARGETS = ("q_proj", "k_proj", "v_proj", "out_proj")

log = logging.getLogger(__name__)


class Learner(nn.Module):
    """The UNet and, where it is trained too, the text encoder: everything that gets gradients, as one module."""

    def __init__(self, unet: nn.Module, text_encoder: nn.Module | None) -> None:
        super().__init__()
        self.unet = unet
        self.text_encoder = text_encoder

    def forward(self, inputs: Tensor, timesteps: Tensor, text: Tensor) -> Tensor:
        """What the UNet predicts, (B, 4, h, w).

        ``inputs`` (B, 4 or 9, h, w); ``timesteps`` (B,); ``text`` (B, tokens, features), or token ids (B, tokens) where the text
        encoder is trained.
        """
        states = text if self.text_encoder is None else self.text_encoder(text)[0]
        prediction: Tensor = self.unet(inputs, timesteps, encoder_hidden_states=states).sample
        return prediction


def make_learner(pipeline: Any, job: TrainingJob) -> Learner:
    """Freeze the pipeline, then make trainable, in float32, what the job's method trains."""
    for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
        part.requires_grad_(False)
    encoder = pipeline.text_encoder if job.tuning.train_text_encoder else None
    _make_trainable(pipeline.unet, job, UNET_TARGETS)
    if encoder is not None:
        _make_trainable(encoder, job, TEXT_TARGETS)
    if job.tuning.gradient_checkpointing:
        pipeline.unet.enable_gradient_checkpointing()
        if encoder is not None:
            encoder.activation_checkpointing_enable()
    learner = Learner(pipeline.unet, encoder)
    count = sum(parameter.numel() for parameter in trainable(learner).values())
    log.info("trainable_parameters=%d method=%s", count, job.method)
    return learner.train()


def trainable(learner: nn.Module) -> Mapping[str, nn.Parameter]:
    """The parameters that get gradients, by name."""
    return {name: parameter for name, parameter in learner.named_parameters() if parameter.requires_grad}


def _make_trainable(part: Any, job: TrainingJob, targets: tuple[str, ...]) -> None:
    if job.method == "full":
        part.requires_grad_(True)
    else:
        rank = job.tuning.lora_rank
        # alpha equals rank, so that a reader that ignores the saved metadata still scales the adapter by 1.
        part.add_adapter(
            LoraConfig(r=rank, lora_alpha=rank, init_lora_weights="gaussian", target_modules=list(targets))
        )
    # Half precision is too coarse for small updates.
    for parameter in trainable(part).values():
        parameter.data = parameter.data.float()
