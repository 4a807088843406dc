"""Paints with a model that is being learnt: the same pictures, words and seeds at every look."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image
from torch import Tensor

from atelier_training.data.example_views import View
from contracts.sampling import Sampling
from diffusion.denoiser import DenoiserCall
from diffusion.trainee import Trainee
from imaging.masks import to_image

FIRST_SEED = 1


@dataclass(frozen=True, kw_only=True)
class PaintedSubject:
    """What is painted: inside the mask of a picture's ``view``, or all anew, by ``prompt``. ``told`` says to people what it is.

    It is ``measured`` how much of the garment it shows, where the prompt is the garment's own.
    """

    told: str
    view: View
    prompt: str
    measured: bool


@dataclass(frozen=True, kw_only=True)
class Easel:
    """``family`` is what is trained, all of it still there; ``autocast`` is what its losses are computed in.

    In that only the denoiser computes: what is trained is in single precision, and an autoencoder may need to be.
    """

    family: Trainee
    sampling: Sampling
    autocast: Callable[[], AbstractContextManager[object]]

    def paint(self, subjects: Sequence[PaintedSubject], first: int) -> list[Image.Image]:
        """Each subject's picture; they are the ``first`` and following of all, which their seeds depend on."""
        prompts = [subject.prompt for subject in subjects]
        seeds = [FIRST_SEED + first + index for index in range(len(subjects))]
        pictures = [Image.fromarray(subject.view.pixels) for subject in subjects]
        masks = [to_image(subject.view.mask) for subject in subjects]
        with self._mixed_precision():
            if not self.family.inpaints:
                size = pictures[0].size
                return self.family.paint(prompts=prompts, seeds=seeds, size=size, sampling=self.sampling)
            painted = self.family.inpaint(
                prompts=prompts, seeds=seeds, pictures=pictures, masks=masks, sampling=self.sampling
            )
        # The pipeline blurs the part that it keeps, so that part comes from the picture itself.
        return [Image.composite(new, old, mask) for new, old, mask in zip(painted, pictures, masks, strict=True)]

    @contextmanager
    def _mixed_precision(self) -> Iterator[None]:
        """Have the denoiser compute as its losses are, and the autoencoder as it is, whatever the pipeline hands it.

        That has the precision of the text encoder, which is single where it is trained.
        """
        former, self.family.denoise = self.family.denoise, self._denoised
        vae = self.family.pipeline.vae
        vae.encode, vae.decode = _cast(vae, vae.encode), _cast(vae, vae.decode)
        try:
            yield
        finally:
            self.family.denoise = former
            del vae.encode, vae.decode  # its class has its own

    def _denoised(self, call: DenoiserCall) -> Tensor:
        with self.autocast():
            return call.run().to(call.sample.dtype)


def _cast(vae: Any, work: Callable[..., Any]) -> Callable[..., Any]:
    return lambda values, *given, **named: work(values.to(vae.dtype), *given, **named)
