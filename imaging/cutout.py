"""A picture that is transparent in places: what a model sees of it, and how its transparency comes back."""

from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True, kw_only=True)
class Cutout:
    """``colours`` (RGB) under ``alpha`` (``L``, 255 is opaque), both of one size."""

    colours: Image.Image
    alpha: Image.Image

    def on(self, backdrop: str) -> Image.Image:
        """The picture before a backdrop of one colour, RGB."""
        whole = self.colours.copy()
        whole.putalpha(self.alpha)
        canvas = Image.new("RGBA", self.alpha.size, backdrop)
        canvas.alpha_composite(whole)
        return canvas.convert("RGB")

    def restored(self, painted: Image.Image) -> Image.Image:
        """What was painted over the picture on white, as RGBA with the picture's own transparency.

        A pixel that is as it was has its own colour again, byte for byte; of the others the white is taken out that shows through.
        ``painted`` may be larger than the picture.
        """
        alpha = self.alpha.resize(painted.size, Image.Resampling.BICUBIC)
        levels, opacity = np.array(painted), np.asarray(alpha)
        mixed = (opacity > 0) & (opacity < 255)
        white = 255 - opacity[mixed].astype(np.float32)[:, None]
        levels[mixed] = np.clip(np.rint((levels[mixed] - white) * 255 / (255 - white)), 0, 255)
        if painted.size == self.colours.size:
            same = (np.asarray(painted) == np.asarray(self.on("white"))).all(axis=-1)
            levels[same] = np.asarray(self.colours)[same]
        result = Image.fromarray(levels)
        result.putalpha(alpha)
        return result
