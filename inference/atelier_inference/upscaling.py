"""The server's upscaler: makes pictures four times as wide and high, tile by tile; tiles of many pictures share batches."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from contracts.batching import ROWS
from contracts.errors import InvalidInputError
from contracts.pictures import LONGEST_TO_UPSCALE
from contracts.prediction import MOST_PIXELS_TO_UPSCALE
from contracts.sampling import Sampling
from diffusion.family import Family
from diffusion.lora import Mix
from diffusion.upscaler import Upscaler
from imaging.tiling import FACTOR, blend, cut


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A square part of a small picture, and what the model gets besides."""

    picture: Image.Image
    seed: int
    prompt: str
    negative_prompt: str

    @property
    def key(self) -> Hashable:
        """Equal for tiles that enlarge to the same picture."""
        return self.seed, self.prompt, self.negative_prompt, self.picture.tobytes()


@dataclass(frozen=True, kw_only=True)
class Upscaling:
    """How tiles are enlarged; equal for those that can share a call of the model."""

    sampling: Sampling
    noise_level: int


@dataclass(frozen=True, kw_only=True)
class Enlarger:
    """A loaded upscaler: ``side`` is that of its tiles in pixels of the small picture; ``defaults`` are its manifest's.

    ``adapters_for`` is the base that adapters must have been trained on; empty for a full fine-tune, whose weights fit none.
    """

    reference: str
    adapters_for: str
    upscaler: Upscaler
    side: int
    defaults: Upscaling

    @property
    def family(self) -> Family:
        """What adapters are put beside."""
        return self.upscaler

    def settings(
        self, noise_level: int | None, *, words: bool = False, steps: int | None = None, guidance: float | None = None
    ) -> Upscaling:
        """What was chosen, filled in by the upscaler's defaults.

        Without ``words`` there is nothing that guidance could lead to: 1 switches it off, which halves the work. Raises
        InvalidInputError for a noise level that the model does not know.
        """
        noise = self.defaults.noise_level if noise_level is None else noise_level
        if noise > self.upscaler.most_noise:
            allowed = f"0 to {self.upscaler.most_noise}, which {self.reference} was trained for"
            raise InvalidInputError("input.noise_level", got=noise, allowed=allowed)
        own = self.defaults.sampling
        scale = own.guidance if guidance is None else guidance
        return Upscaling(
            sampling=replace(own, steps=steps or own.steps, guidance=scale if words else 1.0),
            noise_level=noise,
        )

    def tiles(self, picture: Image.Image, seed: int, prompt: str = "", negative_prompt: str = "") -> list[Tile]:
        """The tiles of an RGB picture, each with a seed of its own."""
        return [
            Tile(picture=part, seed=_seed(seed, number), prompt=prompt, negative_prompt=negative_prompt)
            for number, part in enumerate(cut(picture, self.side))
        ]

    def enlarge(
        self,
        pictures: Sequence[Sequence[Tile]],
        upscaling: Upscaling,
        enlarged: dict[Hashable, Image.Image] | None = None,
        mix: Mix = (),
    ) -> list[list[Image.Image]]:
        """The tiles of several pictures, enlarged with one ``mix`` of adapters, in order.

        A tile whose key is in ``enlarged`` is taken from there; all others are added to it.
        """
        known = {} if enlarged is None else enlarged
        new = {tile.key: tile for tiles in pictures for tile in tiles if tile.key not in known}
        rows = list(new.values())
        for start in range(0, len(rows), ROWS):
            batch = rows[start : start + ROWS]
            known |= zip([tile.key for tile in batch], self._call(batch, upscaling, mix), strict=True)
        return [[known[tile.key] for tile in tiles] for tiles in pictures]

    def blend(self, tiles: Sequence[Image.Image], size: tuple[int, int]) -> Image.Image:
        """The enlarged tiles of a picture of ``size`` (width, height) as one picture."""
        return blend(tiles, size, self.side)

    def _call(self, tiles: Sequence[Tile], upscaling: Upscaling, mix: Mix) -> list[Image.Image]:
        return self.upscaler.enlarge(
            pictures=[tile.picture for tile in tiles],
            prompts=[tile.prompt for tile in tiles],
            negative_prompts=[tile.negative_prompt for tile in tiles],
            seeds=[tile.seed for tile in tiles],
            sampling=upscaling.sampling,
            noise_level=upscaling.noise_level,
            adapters=[mix] * len(tiles),
        )


def check_size(size: tuple[int, int], where: str) -> None:
    """Refuse, with InvalidInputError that names ``where``, a picture of ``size`` whose enlargement would be too large."""
    width, height = size
    if width * height > MOST_PIXELS_TO_UPSCALE or max(size) > LONGEST_TO_UPSCALE:
        raise InvalidInputError(
            where,
            got=f"{width}x{height} pixels, {FACTOR * width}x{FACTOR * height} once upscaled",
            allowed=f"to upscale, at most {MOST_PIXELS_TO_UPSCALE} pixels and {LONGEST_TO_UPSCALE} a side",
        )


def _seed(seed: int, number: int) -> int:
    """Tiles of one noise would show it as a pattern."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
