"""A picture that is transparent in places: what a model sees of it, and how its transparency comes back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imaging.strips import Box, strips


@dataclass(frozen=True, kw_only=True)
class Cutout:
    """``colours`` (RGB) under ``alpha`` (``L``, 255 is opaque), both of one size."""

    colours: Image.Image
    alpha: Image.Image

    def on(self, backdrop: str) -> Image.Image:
        """The picture before a backdrop of one colour, RGB."""
        whole = Image.new("RGB", self.alpha.size)
        for box in strips(whole.size):
            whole.paste(self._part_on(backdrop, box), box)
        return whole

    def restored(self, painted: Image.Image) -> Image.Image:
        """What was painted over the picture on white, made RGBA with the picture's own transparency.

        A pixel that is as it was has its own colour again, byte for byte; of the others the white is taken out that shows through.
        ``painted`` may be larger than the picture; it is changed, since a copy of a large one is as much memory again.
        """
        enlarged = painted.size != self.alpha.size
        alpha = self.alpha.resize(painted.size, Image.Resampling.BICUBIC) if enlarged else self.alpha
        painted.putalpha(alpha)
        for box in strips(painted.size):
            pixels = np.array(painted.crop(box))
            levels, opacity = pixels[..., :3], pixels[..., 3]
            mixed = (opacity > 0) & (opacity < 255)
            white = 255 - opacity[mixed].astype(np.float32)[:, None]
            same = None if enlarged else self._same(levels, box)
            levels[mixed] = np.clip(np.rint((levels[mixed] - white) * 255 / (255 - white)), 0, 255)
            if same is not None:
                levels[same] = np.asarray(self.colours.crop(box))[same]
            painted.paste(Image.fromarray(pixels), box)
        return painted

    def _same(self, levels: NDArray[np.uint8], box: Box) -> NDArray[np.bool_]:
        """Where a part of what was painted is as the picture was."""
        return np.asarray((levels == np.asarray(self._part_on("white", box))).all(axis=-1))

    def _part_on(self, backdrop: str, box: Box) -> Image.Image:
        part = self.colours.crop(box)
        part.putalpha(self.alpha.crop(box))
        canvas = Image.new("RGBA", part.size, backdrop)
        canvas.alpha_composite(part)
        return canvas.convert("RGB")
