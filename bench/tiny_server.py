"""The model server's own modes with the shipped tiny models, in this process: for what a bench measures of painting alone."""

import base64
import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from PIL import Image

from atelier_inference.answering import make_answer
from atelier_inference.arriving import Arriving
from atelier_inference.loading import load
from atelier_inference.modes import Modes
from atelier_inference.settings import Settings
from atelier_inference.store import Store
from contracts.appearance import PaintingMetrics
from contracts.artifact import to_json
from contracts.layout import MANIFEST, S3Uri
from contracts.prediction import PredictionInput
from imaging.segmenter import GarmentNotFoundError
from models.catalogue import AssetSource, find
from models.tiny.make.figures import Drawing, drawings

SEGMENTER = S3Uri(bucket="bench", key="tiny-clipseg/")
SIZE = (384, 512)
"""Width and height of a photo, in pixels."""
AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class PaintedAnswer:
    """An answer: its pictures' files, the mask's where it was asked for, what was measured, and the seconds of each stage."""

    files: Sequence[bytes]
    mask: bytes
    metrics: PaintingMetrics
    seconds: dict[str, float]


class ShippedModels(Store):
    """The tiny models in the place of S3."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def download(self, uri: S3Uri, path: Path, *, where: str) -> None:
        """See Store."""
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self._root / uri.key, path)


def tiny_modes(out: Path) -> Modes:
    """A server's modes, its models' folders below ``out``."""
    for name in ("tiny-inpaint", "tiny-clipseg"):
        entry, folder = find(name), out / name
        assert isinstance(entry.source, AssetSource)
        shutil.copytree(entry.source.folder, folder, dirs_exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        (folder / MANIFEST).write_text(to_json(entry.manifest(folder)), encoding="utf-8")
    settings, store = Settings(model=out / "tiny-inpaint", segmenter=SEGMENTER), ShippedModels(out)
    return load(settings, store, Arriving(settings, store, out / "fetched"))


def catalogue(modes: Modes, count: int, seed: int) -> list[Drawing]:
    """Drawn photos of people who wear a skirt that the segmenter finds: of those that it does not, a request is refused."""
    worn = (
        each for each in drawings(seed, 20 * count, SIZE) if any(one.kind == "skirt" for one in each.outfit.garments)
    )
    return list(islice((each for each in worn if _is_found(modes, each.image)), count))


def _is_found(modes: Modes, photo: Image.Image) -> bool:
    segmenter = modes["style"].dependencies.segmenter
    assert segmenter is not None
    try:
        segmenter.mask(photo, "a skirt")
    except GarmentNotFoundError:
        return False
    return True


def request(photo: Image.Image, prompt: str, seed: int, **fields: object) -> PredictionInput:
    """Restyle the skirt of a photo."""
    body = {"mode": "style", "image": sent(photo), "mask_prompt": "a skirt"}
    return PredictionInput.from_json({**body, "prompt": prompt, "seed": seed, **fields})


def sent(picture: Image.Image) -> str:
    """A picture as a request has it."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def paint(modes: Modes, requests: Sequence[PredictionInput]) -> Iterator[PaintedAnswer]:
    """Answer requests of one kind, eight at a time as the server does."""
    mode = modes[requests[0].mode]
    remaining = iter(requests)
    while some := list(islice(remaining, AT_ONCE)):
        jobs = [mode.prepare(each) for each in some]
        for job, finish in zip(jobs, mode.run(jobs), strict=True):
            answer = make_answer(job, finish, "bench")
            output = answer.output
            yield PaintedAnswer(
                files=answer.pictures, mask=answer.mask, metrics=output.metrics, seconds=dict(output.seconds)
            )
