"""Drawing samples by their number in a run, and turning views of them into tensors."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from atelier_training.data.order import DEFAULT_STREAMS
from atelier_training.data.shards import Sample, ShardFolder
from atelier_training.data.views import CutOut, cut, framed_regions, garment_box, whole


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A sample and the generator, seeded by the sample's number in the whole run, that all its randomness comes from."""

    sample: Sample
    rng: Generator


@dataclass(frozen=True, kw_only=True)
class FramedView:
    """A view and the number of the region it is framed around; None where it shows the whole picture."""

    view: CutOut
    region: int | None


def draw(data: ShardFolder, seed: int, numbers: Iterable[int], streams: int = DEFAULT_STREAMS) -> list[Drawn]:
    """Return the samples with these numbers in the whole run, each with its generator."""
    order = data.order(seed, streams)
    return [
        Drawn(sample=data.sample(*order.position(number)), rng=np.random.default_rng((seed, number)))
        for number in numbers
    ]


def keys(drawn: Iterable[Drawn]) -> tuple[str, ...]:
    """Return the keys of the samples."""
    return tuple(one.sample.key for one in drawn)


def framed_view(sample: Sample, side: int, rng: Generator, *, garment_share: float) -> FramedView:
    """Cut a view framed around a random garment, or with probability 1 - `garment_share` the whole picture."""
    regions = framed_regions(sample)
    if not regions or rng.random() >= garment_share:
        return FramedView(view=cut(sample, whole(sample), side), region=None)
    region = int(rng.choice(regions))
    box = garment_box(sample, sample.regions[region].label, side, rng)
    return FramedView(view=cut(sample, box, side), region=region)


def pixels(views: list[NDArray[np.uint8]]) -> Tensor:
    """Stack pictures (r, r, 3) of 0..255 into (n, 3, r, r) of -1..1."""
    return torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2).float() / 127.5 - 1
