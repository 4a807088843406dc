"""An upscaler before and after its fine-tuning: pictures made small, enlarged again, and compared with what they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from PIL import Image

from atelier_training.data.draws import Purpose, numpy_generator
from atelier_training.data.examples import ExampleFile
from atelier_training.data.pairs import LEAST_CELLS, degraded, enlarged
from atelier_training.data.pictures import DatasetFolder, read_small
from atelier_training.evaluate.before import BeforePictures
from atelier_training.evaluate.measure import Measured
from atelier_training.evaluate.photos import MOST_PHOTOS, TRAINED_ON
from atelier_training.evaluate.real import RealGarment
from atelier_training.evaluate.restyle import Models, Restyled
from atelier_training.evaluate_base.judged import psnr
from contracts.metrics import MetricSpread
from contracts.pictures import UPSCALING
from contracts.sampling import Sampling
from diffusion.family import best_device, painting_dtype
from diffusion.lora import fuse
from diffusion.lora_file import load_lora
from diffusion.upscaler import Upscaler

SEED = 1
"""Of what is painted; small versions are made as for the training, by draws of their own."""


@dataclass(frozen=True, kw_only=True)
class Enlarged(Restyled):
    """A large picture's middle (``original``), and what two upscalers make of its small version; ``plain`` is by interpolation."""

    plain: Image.Image

    @property
    def columns(self) -> dict[str, Image.Image]:
        """One row of the sheet and the report, by column."""
        return {"plain": self.plain, "before": self.before[0], "after": self.after[0], "original": self.large}

    @property
    def large(self) -> Image.Image:
        """What the small version was made from."""
        assert self.original is not None
        return self.original


@dataclass(frozen=True, kw_only=True)
class _Shrunk:
    name: str
    large: Image.Image
    small: Image.Image


def enlarge_photos(
    models: Models, kept: BeforePictures, dataset: DatasetFolder, examples: Sequence[ExampleFile], prompt: str
) -> tuple[list[Enlarged], list[str]]:
    """Held-out photos, or without any the pictures that were learnt from, enlarged by both models. With notes for people.

    Of the base model's pictures those are made that are not ``kept``.
    """
    shrunk, notes = _shrunk(dataset, examples, models.base.resolution)
    before, after = _enlarged(models, kept, shrunk, prompt)
    white = [Image.new("L", each.large.size, 255) for each in shrunk]
    restyled = [
        Enlarged(
            name=each.name,
            original=each.large,
            plain=each.small.resize(each.large.size, Image.Resampling.BICUBIC),
            mask=mask,
            alpha=mask,
            before=[old],
            after=[new],
            seeds=(SEED,),
        )
        for each, mask, old, new in zip(shrunk, white, before, after, strict=True)
    ]
    return restyled, notes


def measure_enlarged(pictures: Sequence[Enlarged], garment: RealGarment, *, train_avg_loss: float | None) -> Measured:
    """How near each way of enlarging comes to the large pictures: the mean over them, and the spread."""
    near = {
        "psnr_plain": [psnr(each.plain, each.large) for each in pictures],
        "psnr_before": [psnr(each.before[0], each.large) for each in pictures],
        "psnr_after": [psnr(each.after[0], each.large) for each in pictures],
    }
    near["psnr_gain"] = [new - old for new, old in zip(near["psnr_after"], near["psnr_before"], strict=True)]
    spread = {
        name: MetricSpread(deviation=round(stdev(values), 6) if values[1:] else 0.0, n=len(values), seeds=(SEED,))
        for name, values in near.items()
    }
    metrics = {name: round(mean(values), 6) for name, values in near.items()}
    loss = {} if train_avg_loss is None else {"train_avg_loss": round(train_avg_loss, 6)}
    return Measured(metrics={**metrics, **loss}, spread=spread, garment=garment)


def _shrunk(
    dataset: DatasetFolder, examples: Sequence[ExampleFile], resolution: int
) -> tuple[list[_Shrunk], list[str]]:
    photos = dataset.files.photos
    names = photos or tuple(example.name for example in examples)
    shrunk = []
    for number, (name, picture) in enumerate(dataset.decoded(names[:MOST_PHOTOS])):
        own = dataset.files.small.get(name)
        given = None if own is None else read_small(dataset.path / own, picture.size, name)
        shrunk.append(_middle(name, picture, given, resolution, number))
    return shrunk, [] if photos else [TRAINED_ON]


def _middle(name: str, picture: Image.Image, given: Image.Image | None, resolution: int, number: int) -> _Shrunk:
    """The middle of a picture, at most as large as a tile becomes, and its small version: ``given``, or made of it."""
    side = min(resolution, min(picture.size) // UPSCALING) // LEAST_CELLS * LEAST_CELLS
    x, y = ((length // UPSCALING - side) // 2 for length in picture.size)
    box = (x, y, x + side, y + side)
    large = picture.crop(enlarged(box))
    small = (
        degraded(large, numpy_generator(SEED, Purpose.VALIDATION_VIEWS, number)) if given is None else given.crop(box)
    )
    return _Shrunk(name=name, large=large, small=small)


def _enlarged(
    models: Models, kept: BeforePictures, shrunk: Sequence[_Shrunk], prompt: str
) -> tuple[list[Image.Image], list[Image.Image]]:
    """By the base model, then by the fine-tuned one in its place. Both compute as the service does."""
    device = best_device()
    options: Mapping[str, object] = {"device": device, "dtype": painting_dtype(device), "checker": False}
    upscaler = Upscaler.load(models.base_folder, **options)  # type: ignore[arg-type]
    base = upscaler
    before = kept.of(
        [(prompt, str(SEED), each.small) for each in shrunk],
        lambda missing: _all(base, models, [shrunk[number] for number in missing], prompt),
    )
    if models.style.method == "lora":
        fuse(upscaler.pipeline, load_lora(upscaler.pipeline, models.style_folder, models.style.style).to(device))
    else:
        del upscaler, base
        upscaler = Upscaler.load(models.style_folder, **options)  # type: ignore[arg-type]
    return before, _all(upscaler, models, shrunk, prompt)


def _all(upscaler: Upscaler, models: Models, shrunk: Sequence[_Shrunk], prompt: str) -> list[Image.Image]:
    sampling = Sampling.of(models.base.defaults)
    return [
        upscaler.enlarge(pictures=[each.small], prompts=[prompt], seeds=[SEED], sampling=sampling)[0] for each in shrunk
    ]
