"""Families that paint: from words, over a picture inside a mask, and from a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import diffusers
import torch
from PIL import Image
from torch import Tensor

from contracts.errors import InvalidInputError
from contracts.sampling import Sampling
from diffusion.family import Family, Finish, class_name
from diffusion.lora import Mix


class Painter(Family):
    """A model that paints RGB pictures, a row a seed: row i has ``prompts[i]``, ``seeds[i]``, and ``negative_prompts[i]`` and
    ``adapters[i]`` if any.

    All pictures of a call have one size; its sides are multiples of 8.
    """

    ability: ClassVar[str] = "paints pictures"
    text_to_image: ClassVar[str]
    image_to_image: ClassVar[str]
    inpainting: ClassVar[str]
    """The diffusers classes that do each."""

    def __init__(self, pipeline: Any) -> None:
        super().__init__(pipeline)
        self._pipelines = {type(pipeline).__name__: pipeline}

    @classmethod
    def task(cls, folder: Path) -> str:
        """What a pipeline's folder is for: ``inpaint`` or ``text-to-image``."""
        return "inpaint" if class_name(folder) == cls.inpainting else "text-to-image"

    @property
    def inpaints(self) -> bool:
        """Whether the UNet takes noisy latents, a mask, and the latents of what is around it: 9 channels in published models."""
        config = self.pipeline.unet.config
        return bool(config.in_channels == 2 * config.out_channels + 1)

    def paint(
        self,
        *,
        prompts: Sequence[str],
        seeds: Sequence[int],
        size: tuple[int, int],
        sampling: Sampling,
        negative_prompts: Sequence[str] = (),
        adapters: Sequence[Mix] = (),
    ) -> list[Image.Image]:
        """Pictures of ``size`` (width, height) from words alone. An inpainting model repaints all of a grey picture."""
        words = self._told(prompts, negative_prompts, adapters)
        shared: dict[str, Any] = {"width": size[0], "height": size[1]}
        if not self.inpaints:
            return self.run(self._as(self.text_to_image), seeds, sampling, adapters, **words, **shared)
        grey, white = Image.new("RGB", size, (128, 128, 128)), Image.new("L", size, 255)
        pictures: dict[str, Any] = {"image": [grey] * len(seeds), "mask_image": [white] * len(seeds), "strength": 1.0}
        return self.run(self._as(self.inpainting), seeds, sampling, adapters, **words, **shared, **pictures)

    def inpaint(
        self,
        *,
        prompts: Sequence[str],
        seeds: Sequence[int],
        pictures: Sequence[Image.Image],
        masks: Sequence[Image.Image],
        sampling: Sampling,
        strength: float = 1.0,
        negative_prompts: Sequence[str] = (),
        adapters: Sequence[Mix] = (),
        finish: Finish | None = None,
    ) -> list[Image.Image]:
        """Each picture with what is white in its mask (mode ``L``) painted anew, from noise of ``strength`` (0 to 1, 1 forgets it).

        Raises InvalidInputError where ``strength`` leaves no step.
        """
        _require_a_step(sampling.steps, strength)
        width, height = pictures[0].size
        # A picture is given once a row: given once a call, it would be encoded with the first row's noise,
        # and a row would depend on its neighbours.
        return self.run(
            self._as(self.inpainting),
            seeds,
            sampling,
            adapters,
            **self._told(prompts, negative_prompts, adapters),
            image=list(pictures),
            mask_image=list(masks),
            height=height,
            width=width,
            strength=strength,
            finish=finish,
        )

    def paint_from(
        self,
        *,
        prompts: Sequence[str],
        seeds: Sequence[int],
        pictures: Sequence[Image.Image],
        sampling: Sampling,
        strength: float,
        negative_prompts: Sequence[str] = (),
        adapters: Sequence[Mix] = (),
    ) -> list[Image.Image]:
        """Pictures that begin as ``pictures`` with noise of ``strength`` (0 to 1) on them (SDEdit, Meng et al. 2021).

        An inpainting model repaints them under a white mask. Raises InvalidInputError where ``strength`` leaves no step.
        """
        if self.inpaints:
            return self.inpaint(
                prompts=prompts,
                negative_prompts=negative_prompts,
                adapters=adapters,
                seeds=seeds,
                pictures=pictures,
                masks=[Image.new("L", picture.size, 255) for picture in pictures],
                sampling=sampling,
                strength=strength,
            )
        _require_a_step(sampling.steps, strength)
        return self.run(
            self._as(self.image_to_image),
            seeds,
            sampling,
            adapters,
            **self._told(prompts, negative_prompts, adapters),
            image=list(pictures),
            strength=strength,
        )

    def encoded(self, words: str, mix: Mix) -> dict[str, Tensor]:
        """One row of words as a pipeline of this family takes them, and as the adapters of ``mix`` understand them."""
        with torch.no_grad(), self.loras.rows([mix] if mix else ()):
            return self._encode(words)

    def _told(self, prompts: Sequence[str], negative_prompts: Sequence[str], adapters: Sequence[Mix]) -> dict[str, Any]:
        """The arguments by which a pipeline of this family takes words, each row's as its adapters understand them."""
        mixes = [tuple(each for each in mix if each[0].changes_words) for mix in adapters] or [()] * len(prompts)
        wanted = [self.encoded(words, mix) for words, mix in zip(prompts, mixes, strict=True)]
        negatives = zip(list(negative_prompts) or [""] * len(prompts), mixes, strict=True)
        unwanted = [self._unwanted(words, mix) for words, mix in negatives]
        return {
            **{name: torch.cat([row[name] for row in wanted]) for name in wanted[0]},
            **{f"negative_{name}": torch.cat([row[name] for row in unwanted]) for name in unwanted[0]},
        }

    def _encode(self, words: str) -> dict[str, Tensor]:
        states, _ = self.pipeline.encode_prompt(
            [words], device=self.pipeline.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )
        return {"prompt_embeds": states}

    def _unwanted(self, words: str, mix: Mix) -> dict[str, Tensor]:
        return self.encoded(words, mix)

    def _as(self, name: str) -> Any:
        """The same parts as a pipeline of another class, made once."""
        if name not in self._pipelines:
            # Without a dtype, from_pipe would turn the shared weights to single precision.
            pipeline = getattr(diffusers, name).from_pipe(self.pipeline, dtype=self.pipeline.dtype)
            pipeline.set_progress_bar_config(disable=True)
            self._pipelines[name] = pipeline
        return self._pipelines[name]


def _require_a_step(steps: int, strength: float) -> None:
    if int(steps * strength) < 1:
        raise InvalidInputError(
            "strength", got=strength, allowed=f"at least 1/{steps}, so that 1 of {steps} steps is left"
        )
