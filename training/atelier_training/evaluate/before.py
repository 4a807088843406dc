"""What the base model makes of a photo is the same in every evaluation: it is kept by a hash of all that it depends on."""

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import diffusers
import torch
from PIL import Image

from atelier_training.provenance import code_version
from contracts.artifact import BaseManifest
from contracts.sampling import Sampling
from diffusion.family import best_device, painting_dtype
from imaging.pictures import encode
from imaging.told import Told

_ENDING = ".png"

log = logging.getLogger(__name__)


class BeforePictures:
    """Pictures by one base model, computed as this machine computes: those that are in ``folder``, and those painted since."""

    def __init__(self, folder: Path, base: BaseManifest) -> None:
        device = best_device()
        self._folder, self._used = folder, dict[str, Image.Image]()
        self._alike = [
            json.dumps([base.reference, dict(base.files), base.resolution], sort_keys=True),
            str(Sampling.of(base.defaults)),
            f"{device} {painting_dtype(device)} {torch.__version__} {diffusers.__version__} {code_version()}",
        ]

    def of(
        self,
        wanted: Sequence[Sequence[str | Image.Image]],
        paint: Callable[[Sequence[int]], Sequence[Image.Image]],
    ) -> list[Image.Image]:
        """An RGB picture for each of ``wanted``, which is all that it depends on besides. ``paint`` makes those with these numbers."""
        names = [self._name(each) for each in wanted]
        missing = [number for number, name in enumerate(names) if not self._path(name).is_file()]
        made = dict(zip(missing, paint(missing) if missing else (), strict=True))
        log.info("before: painted=%d kept=%d", len(missing), len(names) - len(missing))
        pictures = [made[number] if number in made else self._read(name) for number, name in enumerate(names)]
        self._used |= zip(names, pictures, strict=True)
        return pictures

    def write(self, folder: Path, told: Told) -> None:
        """Leave what was used for the next evaluation, saying of each what it is."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, picture in self._used.items():
            (folder / f"{name}{_ENDING}").write_bytes(encode(picture, "png", told))

    def _name(self, wanted: Sequence[str | Image.Image]) -> str:
        digest = hashlib.sha256("\n".join(self._alike).encode())
        for each in wanted:
            shown = each if isinstance(each, str) else f"{each.mode} {each.size}"
            digest.update(b"\0" + shown.encode() + (b"" if isinstance(each, str) else each.tobytes()))
        return digest.hexdigest()[:32]

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_ENDING}"

    def _read(self, name: str) -> Image.Image:
        with Image.open(self._path(name)) as kept:
            return kept.convert("RGB")
