"""The settings of one fine-tuning job: ``hyperparameters.json``, read once and checked."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar

from contracts.declarations import about, text
from contracts.errors import Problem
from contracts.execution import NOT_OF_UPSCALERS, UPSCALE, Method, StyleName, Task
from contracts.hyperparameters import Hyperparameters
from contracts.model import rule
from diffusion.lora_shape import LoraShape

_Words = Annotated[str, text("text", longest=2_500)]


_OF_LOOKS = ("pictures_set_aside", "num_validation_images", "validation_prompt", "early_stopping_patience")
_FRAMING = ("center_crop", "aspect_ratio_buckets", "mask_weight", "noise_offset")
"""What means nothing to an upscaler, which keeps the colours and the place of everything."""


class FineTuneJob(Hyperparameters):
    """One fine-tune: its hyperparameters and what the plan adds to them.

    SageMaker itself gives the trainings of a search ``_tuning_objective_metric``.
    """

    aliases: ClassVar[Mapping[str, str]] = {"_tuning_objective_metric": "objective"}

    style: StyleName
    execution: Annotated[str, text("an execution's name", longest=80)]
    task: Task
    method: Method
    instance_prompt: _Words
    dataset_sha256: Annotated[str, text("a sha256", longest=64, pattern="[0-9a-f]{64}")]
    target: Annotated[_Words, about("what to mask, where task is inpaint")] = ""
    class_prompt: Annotated[_Words, about("what the garment is an example of, where the prior is preserved")] = ""

    objective: Annotated[
        str, about("the metric by which a search compares its trainings, where this is one of them")
    ] = ""

    @property
    def tuning(self) -> Hyperparameters:
        """The hyperparameters alone."""
        return Hyperparameters(**{name: getattr(self, name) for name in Hyperparameters.model_fields})

    @property
    def lora(self) -> LoraShape | None:
        """The adapter that is trained; None where every weight is."""
        if self.method == "full":
            return None
        return LoraShape(
            rank=self.lora_rank,
            alpha=self.lora_alpha or self.lora_rank,
            attention_only=self.lora_targets == "attention",
            dropout=self.lora_dropout,
        )

    @property
    def buckets(self) -> bool:
        """Whether pictures are learnt at about their own aspect ratio."""
        return self.aspect_ratio_buckets and self.task == "text-to-image"

    @rule
    def _an_upscaler_has_no_use_for_some(self) -> Iterator[Problem]:
        for name in NOT_OF_UPSCALERS if self.task == UPSCALE else ():
            if getattr(self, name):
                yield Problem(name, getattr(self, name), f"left out when task is {UPSCALE}")

    @rule
    def _the_prior_needs_words(self) -> Iterator[Problem]:
        if self.with_prior_preservation and not self.class_prompt:
            allowed = (
                'what the garment is an example of, e.g. "a photo of a skirt", when with_prior_preservation is true'
            )
            yield Problem("class_prompt", "", allowed)

    def ignored(self) -> list[str]:
        """Settings that were changed from their default and have no effect in this job."""
        tuning, warnings = self.tuning, list[str]()
        if tuning.lr_warmup_steps and tuning.lr_scheduler == "constant":
            warnings.append("lr_warmup_steps, because lr_scheduler is constant; constant_with_warmup uses it")
        if self.task == "upscale":
            plain = Hyperparameters()
            unused = [name for name in _FRAMING if getattr(tuning, name) != getattr(plain, name)]
            warnings += [f"{name}, because an upscaler learns from parts of pictures" for name in unused]
        if tuning.center_crop and self.task == "inpaint":
            warnings.append("center_crop, because an inpainting crop is framed by the garment's mask")
        if tuning.aspect_ratio_buckets and self.task == "inpaint":
            warnings.append("aspect_ratio_buckets, because an inpainting crop is a square around the garment")
        if self.method == "full":
            names = [name for name in Hyperparameters.model_fields if name.startswith("lora_")]
            warnings += [f"{name}, because method is full" for name in _changed(tuning, names)]
        if not tuning.validation_steps:
            warnings += [f"{name}, because validation_steps is left out" for name in _changed(tuning, _OF_LOOKS)]
        return warnings

    def resolved(self) -> dict[str, Any]:
        """Every setting as used, as JSON values: the plan's, and ``tuning``."""
        own = self.model_dump(mode="json", exclude=set(Hyperparameters.model_fields))
        return own | {"tuning": self.tuning.model_dump(mode="json")}


def _changed(tuning: Hyperparameters, names: Iterable[str]) -> list[str]:
    """Those of the settings that are not as they are by default."""
    plain = Hyperparameters()
    return [name for name in names if getattr(tuning, name) != getattr(plain, name)]
