"""How a model lies in memory changes what it paints by no more than rounding."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from numpy.typing import NDArray

from contracts.sampling import Sampling
from diffusion.family import find_family
from diffusion.layout import lay_out_for_painting
from diffusion.painter import Painter
from tests.unit.miniatures import save_inpainter


def test_channels_lie_last_and_the_picture_stays(tmp_path: Path) -> None:
    save_inpainter(tmp_path)
    painter = find_family("sd1", Painter).load(tmp_path, device="cpu", dtype=torch.float32, checker=False)

    def paint() -> list[NDArray[np.int_]]:
        sampling = Sampling(steps=3, guidance=2.0)
        pictures = painter.paint(prompts=["a", "b"], seeds=[1, 2], size=(32, 32), sampling=sampling)
        return [np.asarray(picture, dtype=int) for picture in pictures]

    before = paint()
    lay_out_for_painting(painter.pipeline)
    weights = [each.weight for part in (painter.pipeline.unet, painter.pipeline.vae) for each in part.modules()
               if isinstance(each, torch.nn.Conv2d)]  # fmt: skip
    assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in weights)
    assert max(np.abs(a - b).max() for a, b in zip(before, paint(), strict=True)) <= 1


def test_on_a_gpu_weights_stay_as_they_are() -> None:
    parts = {name: torch.nn.Conv2d(2, 3, 3) for name in ("unet", "vae")}
    lay_out_for_painting(SimpleNamespace(device=torch.device("cuda", 0), **parts))
    assert all(part.weight.is_contiguous() for part in parts.values())
    lay_out_for_painting(SimpleNamespace(device=torch.device("cpu"), **parts))
    assert not any(part.weight.is_contiguous() for part in parts.values())
