"""Reads a job's base models: refuses one that is incomplete or has changed since it was mirrored.

Apart from ``bases``, because finding garments needs no diffusion model: its library takes long to import.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from contracts.artifact import BaseManifest, verify_files
from contracts.errors import InvalidInputError
from contracts.families import CAPTIONERS, SEGMENTERS
from imaging.segmenter import Segmenter

if TYPE_CHECKING:
    from imaging.captioner import Captioner


def read_base(folder: Path) -> BaseManifest:
    """The manifest of a base model's folder, after checking every file's hash. Raises InvalidInputError."""
    manifest = BaseManifest.load(folder)
    verify_files(folder, manifest.files)
    return manifest


def load_captioner(folder: Path, device: str) -> "Captioner":
    """The captioner in a base model's folder. Raises InvalidInputError where it is of another family."""
    from imaging.captioner import Captioner

    manifest = read_base(folder)
    if manifest.family not in CAPTIONERS:
        raise InvalidInputError(f"captioner {manifest.reference}", got=manifest.family, allowed=" | ".join(CAPTIONERS))
    return Captioner.load(folder, device)


def load_segmenter(folder: Path, device: str) -> Segmenter:
    """The segmenter in a base model's folder. Raises InvalidInputError where it is of another family."""
    manifest = read_base(folder)
    if manifest.family not in SEGMENTERS:
        raise InvalidInputError(f"segmenter {manifest.reference}", got=manifest.family, allowed=" | ".join(SEGMENTERS))
    return Segmenter.load(folder, device)
