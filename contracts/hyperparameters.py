"""Fine-tuning settings: JumpStart's names and defaults, and a few of ours. Read from JSON or from SageMaker's strings."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from contracts.declarations import about, bounds, text
from contracts.errors import Problem
from contracts.model import rule
from contracts.prompts import balanced, readings
from contracts.strings import StringContract

MOST_VALIDATION_READINGS = 8


class Hyperparameters(StringContract):
    """What a person may tune of a fine-tuning run; the base model's own training defaults fill in what is left out."""

    document: ClassVar[str] = "hyperparameters"

    epochs: Annotated[int, bounds(1, 10_000, "passes over the pictures, where max_steps is left out")] = 20
    max_steps: Annotated[int | None, bounds(1, 100_000, "optimizer steps, instead of epochs")] = None
    batch_size: Annotated[int, bounds(1, 256, "pictures in one forward pass of one process")] = 1
    learning_rate: Annotated[float, bounds(1e-9, 1.0, "peak learning rate of AdamW")] = 2e-6
    lr_scheduler: Annotated[
        Literal["constant", "linear", "cosine", "constant_with_warmup"],
        about("how the learning rate changes over the steps"),
    ] = "constant"
    lr_warmup_steps: Annotated[int, bounds(0, 100_000, "steps over which the learning rate rises from 0")] = 0
    with_prior_preservation: Annotated[
        bool, about("also train on pictures of the class, so that its other members keep their looks")
    ] = False
    num_class_images: Annotated[int, bounds(1, 10_000, "class pictures that the base model paints")] = 100
    prior_loss_weight: Annotated[float, bounds(0.0, 100.0, "weight of the loss on class pictures")] = 1.0
    center_crop: Annotated[bool, about("crop pictures at their centre instead of at a random place")] = False
    random_flip: Annotated[
        bool,
        about(
            "learn from every other view's mirror image; not of a garment with lettering, or whose left side is another than its right"
        ),
    ] = False
    aspect_ratio_buckets: Annotated[
        bool,
        about(
            "learn whole pictures at about their own aspect ratio, up to 4 to 1, instead of cut to a square; task text-to-image only"
        ),
    ] = False
    optimizer: Annotated[
        Literal["adamw", "adamw_8bit", "adamw_8bit_paged"],
        about(
            "AdamW, its state in 32 bits or in 8, which takes a quarter; paged it moves to the host's memory where the GPU's is short"
        ),
    ] = "adamw"
    adam_weight_decay: Annotated[float, bounds(0.0, 1.0, "AdamW's weight decay")] = 0.01
    adam_beta1: Annotated[float, bounds(0.0, 0.9999, "AdamW's decay of the mean gradient")] = 0.9
    adam_beta2: Annotated[float, bounds(0.0, 0.99999, "AdamW's decay of the mean squared gradient")] = 0.999
    adam_epsilon: Annotated[float, bounds(1e-12, 1e-2, "AdamW's term against division by zero")] = 1e-8
    gradient_accumulation_steps: Annotated[int, bounds(1, 1_000, "batches whose gradients make one step")] = 1
    max_grad_norm: Annotated[
        float,
        bounds(
            0.0,
            1e6,
            "norm to which gradients are clipped; 0 clips none, and a full fine-tune of one GPU needs a fifth less memory",
        ),
    ] = 1.0
    seed: Annotated[int, bounds(0, 2**32 - 1, "makes the run repeatable")] = 0
    lora_rank: Annotated[int, bounds(1, 256, "rank of the adapter's matrices, method lora only")] = 8
    lora_alpha: Annotated[
        int | None,
        bounds(1, 1_024, "the adapter counts lora_alpha / lora_rank; lora_rank where left out, method lora only"),
    ] = None
    lora_targets: Annotated[
        Literal["attention", "all"],
        about(
            "layers that the adapter is put on: also the convolutions, in which a garment's texture lives, or a smaller file of the "
            "attention's alone, method lora only"
        ),
    ] = "all"
    lora_dropout: Annotated[
        float, bounds(0.0, 0.9, "share of the adapter's inputs that are left out at random, method lora only")
    ] = 0.0
    train_text_encoder: Annotated[bool, about("train the text encoder too")] = False
    gradient_checkpointing: Annotated[bool, about("compute activations twice to need less memory")] = False
    mask_weight: Annotated[
        float, bounds(0.0, 1.0, "a pixel outside the garment's mask counts 1 - mask_weight of one inside")
    ] = 0.9
    snr_gamma: Annotated[
        float | None,
        bounds(
            0.1,
            100.0,
            "signal-to-noise ratio above which a noise level counts as much as one of this ratio (min-SNR, Hang et al. 2023, who take "
            "5); where left out, all count alike",
        ),
    ] = None
    noise_offset: Annotated[
        float,
        bounds(
            0.0,
            1.0,
            "deviation of noise that is the same all over a picture, so that very dark and very light ones are learnt",
        ),
    ] = 0.0
    checkpoint_steps: Annotated[int, bounds(1, 100_000, "steps between checkpoints")] = 100
    validation_steps: Annotated[
        int | None,
        bounds(
            1,
            100_000,
            "steps between looks at what is learnt so far; the artifact is then what the best look saw. None are taken where left out",
        ),
    ] = None
    pictures_set_aside: Annotated[
        int | None,
        bounds(
            0, 100, "pictures that looks measure the loss on, and nothing is learnt from; one of eight where left out"
        ),
    ] = None
    num_validation_images: Annotated[int, bounds(0, 16, "pictures that a look paints, those set aside first")] = 2
    validation_prompt: Annotated[
        str,
        text("a prompt", longest=400),
        AfterValidator(balanced),
        about(
            "what a look also paints, each reading of {a|b} once: what the style must leave alone, or is to be worn with"
        ),
    ] = ""
    early_stopping_patience: Annotated[
        int | None,
        bounds(1, 1_000, "looks after the best one until the training ends; it never does so where left out"),
    ] = None

    def notes(self) -> list[str]:
        """What of these settings hardly anybody means, in words."""
        if self.max_steps is None or self.lr_scheduler == "constant" or self.lr_warmup_steps < self.max_steps:
            return []
        return [
            f"lr_warmup_steps: {self.lr_warmup_steps} of {self.max_steps} steps: the learning rate does not reach its peak"
        ]

    @property
    def painted_at_a_look(self) -> int:
        """How many pictures a look paints."""
        words = len(readings(self.validation_prompt)) if self.validation_prompt else 0
        return self.num_validation_images + words if self.validation_steps else 0

    @rule
    def _a_look_sees_something(self) -> Iterator[Problem]:
        if self.validation_steps and self.pictures_set_aside == 0 and not self.num_validation_images:
            yield Problem(
                "num_validation_images", 0, "at least 1 where pictures_set_aside is 0: a look must see something"
            )

    @rule
    def _a_look_paints_few(self) -> Iterator[Problem]:
        if (count := len(readings(self.validation_prompt))) > MOST_VALIDATION_READINGS:
            yield Problem("validation_prompt", f"{count} readings", f"at most {MOST_VALIDATION_READINGS}")
