"""Loads the model that this server runs: a base model, or a full fine-tune with its base's manifest beside it."""

from dataclasses import dataclass
from pathlib import Path

from atelier_inference.arriving import CheckedModel, check_model
from atelier_inference.meeting import denoise
from contracts.sampling import Sampling
from diffusion.decoding import decode_what_fits
from diffusion.family import Family, best_device, find_family, painting_dtype
from diffusion.layout import lay_out_for_painting
from diffusion.painter import Painter
from diffusion.residual import overwrite_on_the_way


@dataclass(frozen=True, kw_only=True)
class Model:
    """A loaded model. ``resolution`` is the side in pixels that it paints at; ``sampling`` is its own, ``fast`` the one for requests that
    ask for speed, where it has one.

    ``adapters_for`` is the base that adapters must have been trained on; empty for a full fine-tune, whose weights fit none.
    """

    reference: str
    adapters_for: str
    resolution: int
    sampling: Sampling
    fast: Sampling | None
    painter: Painter

    @property
    def family(self) -> Family:
        """What adapters are put beside."""
        return self.painter


def make_ready(family: Family) -> None:
    """Have a loaded family work as this server has it: fast, as many rows at once as there is room for, and together with others."""
    lay_out_for_painting(family.pipeline)
    overwrite_on_the_way(family.pipeline)
    decode_what_fits(family.pipeline.vae)
    family.denoise = denoise


def load_model(folder: Path) -> Model:
    """Check and read ``folder``, onto the GPU if there is one.

    Raises InvalidInputError for an incomplete or changed one, and for a family that does not paint.
    """
    return read_model(check_model(folder))


def read_model(checked: CheckedModel) -> Model:
    """Read what is checked already. Raises InvalidInputError for a family that does not paint."""
    base = checked.base
    device = best_device()
    family = find_family(base.family, Painter)
    painter = family.load(checked.folder, device=device, dtype=painting_dtype(device), checker=True)
    make_ready(painter)
    return Model(
        reference=checked.reference,
        adapters_for=checked.adapters_for,
        resolution=base.resolution,
        sampling=Sampling.of(base.defaults),
        fast=Sampling.of(base.fast) if base.fast else None,
        painter=painter,
    )
