"""How alike pictures and words are, by a CLIP model: the cosine of its embeddings (Radford et al. 2021, arXiv:2103.00020)."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from imaging.framing import square
from imaging.masks import Mask, bounds, to_image
from imaging.segmenter import Segmenter

Embeddings = NDArray[np.float32]
"""A row of length 1 for each picture or text, (n, d): the product of two is their cosine."""

AT_ONCE = 16
"""Pictures of a forward pass."""


class Embedder:
    """The CLIP inside a segmenter. What it says means something where picture and words were trained on one another: ``contrastive``."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter

    def garment(self, picture: Image.Image, mask: Mask) -> Image.Image:
        """What is embedded of a garment: the square around it at the model's own size, grey where the mask (h, w) is not."""
        box = bounds(mask)
        if box is None:
            raise ValueError("mask: got an empty one; allowed: one that covers something")
        ground = Image.new("RGB", picture.size, self._segmenter.grey)
        alone = Image.composite(picture.convert("RGB"), ground, to_image(mask))
        return square(alone, box, self._segmenter.side)

    @torch.inference_mode()
    def pictures(self, squares: Sequence[Image.Image]) -> Embeddings:
        """Embeddings of RGB pictures of the model's own size."""
        clip, found = self._segmenter.clip, []
        for start in range(0, len(squares), AT_ONCE):
            levels = np.stack([self._segmenter.normalized(each) for each in squares[start : start + AT_ONCE]])
            features = clip.get_image_features(pixel_values=torch.from_numpy(levels).to(clip.device))
            found.append(_unit(features.pooler_output))
        return np.concatenate(found)

    @torch.inference_mode()
    def words(self, texts: Sequence[str]) -> Embeddings:
        """Embeddings of English words."""
        clip = self._segmenter.clip
        tokens = self._segmenter.tokens(texts)
        asked = {name: tokens[name].to(clip.device) for name in ("input_ids", "attention_mask")}
        return _unit(clip.get_text_features(**asked).pooler_output)


def _unit(features: torch.Tensor) -> Embeddings:
    return np.asarray(torch.nn.functional.normalize(features.float(), dim=-1).cpu().numpy())
