"""Views encoded when a step first wants them, and kept: the VAE is not trained, so a view is the same at every step.

They are files, one a view, beside the checkpoints: a machine's processes share them, and an interrupted job does not encode them again.
"""

import fcntl
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor
from torch.nn.functional import interpolate

from atelier_training.data.example_views import View
from atelier_training.data.latents import EncodedView
from diffusion.trainee import Trainee

FOLDER = "views"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Encoder:
    """Encodes a view and its masked twin as the inpainting pipeline does at sampling, each alone: whatever else is wanted changes nothing.

    What is kept is the mean of the VAE's posterior, so nothing in it is drawn.
    """

    family: Trainee

    def __call__(self, view: View) -> EncodedView:
        """The view's latents."""
        levels = torch.from_numpy(view.pixels.copy()).permute(2, 0, 1)[None]
        picture = levels.float() / 127.5 - 1  # (1, 3, side, side) in [-1, 1]
        mask = torch.from_numpy(view.mask)[None, None].float()  # (1, 1, side, side)
        latents = self.family.encode_pictures(picture)
        # Grey is 0: what the pipeline fills the painted part with. Who paints only whole pictures is not shown what is around.
        shown = self.family.encode_pictures(picture * (1 - mask)) if self.family.inpaints else torch.zeros_like(latents)
        return EncodedView(
            latents=latents[0],
            mask=interpolate(mask, size=latents.shape[-2:])[0],
            masked=shown[0],
            frame=torch.tensor(view.frame, dtype=torch.float32),
        )


V = TypeVar("V")
K = TypeVar("K")


class KeptViews(Generic[V, K]):
    """The views of some pictures, encoded as a ``kind`` of tensors. ``cut`` makes one of them, ``folder`` is named
    after all that they depend on.

    ``groups`` are the numbers of pictures whose views are of one size; without them all are.
    """

    def __init__(
        self,
        *,
        names: tuple[str, ...],
        captions: tuple[str, ...],
        views: int,
        cut: Callable[[int, int], V],
        encode: Callable[[V], K],
        kind: type[K],
        folder: Path,
        groups: tuple[tuple[int, ...], ...] = (),
    ) -> None:
        self.names, self.captions, self.views = names, captions, views
        self.groups: tuple[tuple[int, ...], ...] = groups or (tuple(range(len(names))),)
        self._cut, self._encode = cut, encode
        self._kind, self._folder = kind, folder
        folder.mkdir(parents=True, exist_ok=True)

    def shown(self, picture: int, number: int) -> V:
        """The same as people see it."""
        return self._cut(picture, number)

    def view(self, picture: int, number: int) -> K:
        """A picture's view with this number: kept, or encoded by the first process that wants it while others wait."""
        place = picture * self.views + number
        path = self._folder / f"{place:06d}.safetensors"
        if (kept := _read(path, self._kind)) is not None:
            return kept
        with self._locked(place):
            if (kept := _read(path, self._kind)) is not None:
                return kept
            encoded = self._encode(self._cut(picture, number))
            _write(path, encoded)
            return encoded

    @contextmanager
    def _locked(self, place: int) -> Iterator[None]:
        """Only one process of a machine is inside for a view: it locks a byte of a file, until it leaves or is killed."""
        with (self._folder / "lock").open("ab") as file:
            fcntl.lockf(file, fcntl.LOCK_EX, 1, place)
            yield


def _read(path: Path, kind: type[K]) -> K | None:
    """A kept view; None where there is none, or where a copy of it came only in part."""
    try:
        tensors: dict[str, Tensor] = load(path.read_bytes())
        return kind(**tensors)
    except FileNotFoundError:
        return None
    except (SafetensorError, TypeError) as error:
        log.warning("%s is encoded again: %s", path.name, error)
        return None


def _write(path: Path, view: object) -> None:
    tensors: dict[str, Any] = {name: tensor.contiguous() for name, tensor in vars(view).items()}
    unfinished = path.with_suffix(".partial")  # one process writes a view
    unfinished.write_bytes(save(tensors))
    unfinished.replace(path)
