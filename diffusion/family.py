"""A family of base models: one class, in a module of the family's name, whose instances are loaded models."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import diffusers
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from contracts.errors import InvalidInputError, Problem
from contracts.families import FAMILIES
from contracts.safety.refusal import NeverPaintedError
from contracts.sampling import Sampling
from diffusion.denoiser import Denoiser, DenoiserCall
from diffusion.guidance import doubled, end_guidance
from diffusion.lora import LoraRows, Mix
from diffusion.schedulers import make_scheduler
from diffusion.words import unused_end

F = TypeVar("F", bound="Family")


class RefusedContentError(NeverPaintedError):
    """The base model's own safety checker blanked a picture."""


Finish = Callable[[NDArray[np.float32]], Image.Image]
"""Makes an RGB picture of shares of white (h, w, 3; 0 to 1)."""


class Family:
    """A loaded base model; ``pipeline`` is the diffusers pipeline of its folder. Subclasses add what their family can do."""

    ability: ClassVar[str]
    """What every family of this class can do, for the error that names it."""
    pipelines: ClassVar[Sequence[str]]
    """The diffusers classes that a folder of this family may be of."""
    without_checker: ClassVar[Mapping[str, Any]] = {"safety_checker": None, "requires_safety_checker": False}
    """How this family's pipelines are loaded without their safety checker."""

    step_callback: ClassVar[str] = "callback_on_step_end"
    """The argument of the pipelines for what is called after each step; it gets something to return as its last argument."""

    def __init__(self, pipeline: Any) -> None:
        pipeline.set_progress_bar_config(disable=True)
        self.pipeline = pipeline
        self.denoise: Callable[[DenoiserCall], Tensor] = DenoiserCall.run
        """How the denoiser is called: at once, where nobody has another way."""
        self.loras = LoraRows(pipeline)

    @classmethod
    def load(cls, folder: Path, *, device: str, dtype: torch.dtype, checker: bool) -> Self:
        """Read a base model's folder. Without ``checker`` its safety checker is left out, as training wants it.

        Raises InvalidInputError where the folder holds no pipeline of this family.
        """
        name = class_name(folder)
        if name not in cls.pipelines:
            raise InvalidInputError("base model's pipeline", got=name, allowed=" | ".join(cls.pipelines))
        diffusers.utils.logging.disable_progress_bar()
        options = {} if checker else cls.without_checker
        pipeline = getattr(diffusers, name).from_pretrained(folder, dtype=dtype, local_files_only=True, **options)
        return cls(pipeline.to(device))

    @property
    def device(self) -> str:
        """Where the model is: ``cpu`` or ``cuda:0``."""
        return str(self.pipeline.device)

    def unused(self, words: str) -> str:
        """The end of ``words`` that one of the text encoders does not see; empty where all see all. Not from several threads at once."""
        parts = self.pipeline.components.items()
        return unused_end([part for name, part in parts if name.startswith("tokenizer") and part is not None], words)

    def run(
        self,
        pipeline: Any,
        seeds: Sequence[int],
        sampling: Sampling,
        adapters: Sequence[Mix] = (),
        finish: Finish | None = None,
        **arguments: Any,
    ) -> list[Image.Image]:
        """Call a pipeline with a generator a row: a seed gives the same picture, to rounding, whatever else is in the batch.

        The call has a pipeline of its own, so that others can be under way with the same models. ``adapters`` are each row's, for the
        denoiser; none where there are none. ``finish`` makes the pictures, where levels are not just to be rounded.

        Raises RefusedContentError where the safety checker blanked one, and InvalidInputError where the weights make no numbers.
        """

        def stepped(*values: Any) -> Any:
            _after_step.get()()
            step = values[-1]
            latents = step["latents"] if isinstance(step, dict) else step
            _require_finite(bool(latents.isfinite().all()))
            if isinstance(step, dict):
                end_guidance(values[0], values[1], step, until=sampling.guidance_until)
            return step

        answer = self._own(pipeline, sampling, list(adapters) or [()] * len(seeds))(
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            output_type="np",
            num_inference_steps=sampling.steps,
            guidance_scale=sampling.guidance if sampling.guidance_until else 0.0,
            **self._after_step(pipeline, stepped),
            **arguments,
        )
        _require_unblanked(getattr(answer, "nsfw_content_detected", None), "another prompt or another seed")
        _require_finite(bool(np.isfinite(answer.images).all()))
        return [*map(finish, answer.images)] if finish else list(pipeline.numpy_to_pil(answer.images))

    def require_safe(self, picture: Image.Image) -> None:
        """Have the base model's own safety checker look at an RGB picture that it did not paint; nothing where it ships none.

        Raises RefusedContentError where the checker would blank it.
        """
        if getattr(self.pipeline, "safety_checker", None) is None:
            return
        levels = np.asarray(picture, dtype=np.float32)[None] / 255
        _, blanked = self.pipeline.run_safety_checker(levels, self.pipeline.device, self.pipeline.dtype)
        _require_unblanked(blanked, "another picture")

    def _after_step(self, pipeline: Any, call: Callable[..., Any]) -> dict[str, Any]:
        """The arguments by which a pipeline makes a call after each step, and hands it what to change."""
        names = getattr(pipeline, "_callback_tensor_inputs", None)
        wanted = {"callback_on_step_end_tensor_inputs": ["latents", *doubled(pipeline)]} if names else {}
        return {self.step_callback: call, **wanted}

    def _own(self, pipeline: Any, sampling: Sampling, adapters: Sequence[Mix]) -> Any:
        """A pipeline of the same models for one call, which changes a scheduler and the pipeline's own attributes."""
        own = copy.copy(pipeline)
        # Past diffusers' setter, which would look up of which library's class each is.
        vars(own).update(
            scheduler=make_scheduler(pipeline.scheduler, sampling.scheduler),
            unet=Denoiser(pipeline.unet, self.denoise, adapters, self.loras.rows),
        )
        return own


def _require_unblanked(blanked: Sequence[bool] | None, allowed: str) -> None:
    """Safety checkers blank pictures, and say which."""
    if any(blanked or ()):
        blank = Problem("what was painted", "a picture its safety checker blanked", allowed, "painted-blanked")
        raise RefusedContentError.of([blank])


def _require_finite(finite: bool) -> None:
    """Pictures of NaN come out black, without an error: of weights that are none, or whose products half precision cannot hold."""
    if not finite:
        raise InvalidInputError("what was painted", got="NaN or infinity", allowed="weights that make numbers")


@contextmanager
def after_each_step(call: Callable[[], None]) -> Iterator[None]:
    """Have ``call`` made after each denoising step of what is done inside the block; what it raises ends the step's pipeline call."""
    token = _after_step.set(call)
    try:
        yield
    finally:
        _after_step.reset(token)


def _go_on() -> None:
    """Nobody wants to stop a call."""


_after_step: ContextVar[Callable[[], None]] = ContextVar("after_step", default=_go_on)


def find_family(name: str, able: type[F]) -> type[F]:
    """The family called ``name``, as a class that can do what ``able`` can. Raises InvalidInputError where there is none such."""
    if name not in FAMILIES:
        raise InvalidInputError("base model's family", got=name, allowed=" | ".join(FAMILIES))
    family: type[Family] = import_module(f"diffusion.{name}").FAMILY
    if not issubclass(family, able):
        raise InvalidInputError("base model's family", got=name, allowed=f"one that {able.ability}")
    return family


def best_device() -> str:
    """The GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def device_beside(device: str) -> str:
    """Where a second model goes: on a second GPU, where the machine has one."""
    return "cuda:1" if device.startswith("cuda") and torch.cuda.device_count() > 1 else device


def painting_dtype(device: str) -> torch.dtype:
    """Half precision on a GPU, as good to the eye and twice as fast; single on a CPU, since most have no fast half precision."""
    return torch.float16 if device.startswith("cuda") else torch.float32


def class_name(folder: Path) -> str:
    """The diffusers class of a pipeline's folder. Raises InvalidInputError where it holds none."""
    index = folder / "model_index.json"
    if not index.is_file():
        raise InvalidInputError(f"base model {folder.name}", got="no model_index.json", allowed="a diffusers pipeline")
    return str(json.loads(index.read_text(encoding="utf-8")).get("_class_name"))
