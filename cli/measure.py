"""What the demo measures on pictures that came back through the API."""

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8]


def mask_iou(mask: Image.Image, truth: Image.Image) -> float:
    """Intersection over union, 0 to 1, of two masks of one size (white = garment); 1 where both are empty."""
    ours, theirs = (np.asarray(picture.convert("L")) > 127 for picture in (mask, truth))
    union = np.logical_or(ours, theirs).sum()
    return float(np.logical_and(ours, theirs).sum() / union) if union else 1.0


def bytes_changed_outside(before: Image.Image, after: Image.Image, alpha: Image.Image) -> int:
    """Bytes that differ where the feathered mask ``alpha`` is 0. All three are of one size; raises ValueError otherwise."""
    if not before.size == after.size == alpha.size:
        raise ValueError(f"sizes differ: {before.size}, {after.size}, {alpha.size}")
    outside = np.asarray(alpha.convert("L")) == 0
    differs = np.asarray(before.convert("RGB")) != np.asarray(after.convert("RGB"))
    return int(differs[outside].sum())
