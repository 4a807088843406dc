"""What the commands share about their input: drawing samples, tensors of views, and command line options."""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from atelier_training.data.order import DEFAULT_STREAMS
from atelier_training.data.shards import Sample, ShardFolder
from atelier_training.data.views import View, cut, framed_regions, garment_box, whole
from atelier_training.engine.settings import TrainSettings


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A sample and the generator, seeded by the sample's number in the whole run, that all its randomness comes from."""

    sample: Sample
    rng: Generator


@dataclass(frozen=True, kw_only=True)
class FramedView:
    """A view and the number of the region it is framed around; None where it shows the whole picture."""

    view: View
    region: int | None


def draw(data: ShardFolder, seed: int, numbers: Iterable[int], streams: int = DEFAULT_STREAMS) -> list[Drawn]:
    """Return the samples with these numbers in the whole run, each with its generator."""
    order = data.order(seed, streams)
    places = [(number, order.place(number)) for number in numbers]
    return [
        Drawn(sample=data.sample(place.shard, place.index), rng=np.random.default_rng((seed, number)))
        for number, place in places
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


def parser(description: str | None, *, steps: int, batch: int, learning_rate: float) -> argparse.ArgumentParser:
    """Return the options every command has, with its own defaults."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", required=True, help="folder of shards, or s3://bucket/prefix/")
    options.add_argument("--out", type=Path, required=True, help="folder for the checkpoint and export/")
    options.add_argument("--steps", type=int, default=steps)
    options.add_argument("--batch", type=int, default=batch)
    options.add_argument("--learning-rate", type=float, default=learning_rate)
    options.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="fp32")
    options.add_argument("--sharding", choices=("ddp", "fsdp"), default="ddp", help="under torchrun: copies or shares")
    options.add_argument("--optimizer", choices=("adamw", "muon"), default="adamw")
    options.add_argument("--min-snr-gamma", type=float, default=0.0, help="0 weighs all timesteps alike")
    options.add_argument("--warmup", type=int, default=100, help="steps")
    options.add_argument("--hold", type=float, default=0.5, help="share of the steps before the learning rate decays")
    options.add_argument("--ema", type=float, default=0.995)
    options.add_argument("--clip", type=float, default=1.0, help="largest norm of the gradient")
    options.add_argument("--streams", type=int, default=DEFAULT_STREAMS, help="shards read side by side")
    options.add_argument("--workers", type=int, default=0, help="processes that prepare batches ahead")
    options.add_argument("--checkpoint-every", type=int, default=500, help="steps")
    options.add_argument("--log-every", type=int, default=50, help="steps")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--threads", type=int, default=1, help="CPU threads")
    options.add_argument("--start", type=Path, help="folder of exported weights to start from")
    return options


def settings(options: argparse.Namespace) -> TrainSettings:
    """Read the loop's settings from the command line and set the number of CPU threads."""
    torch.set_num_threads(options.threads)
    named = {
        field.name: getattr(options, field.name) for field in fields(TrainSettings) if hasattr(options, field.name)
    }
    return TrainSettings(**named)
