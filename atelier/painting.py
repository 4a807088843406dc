"""What people ask for, a function each, in few words: the API's modes with a person's arguments."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from atelier import predictions
from atelier.pictures import Picture, placed
from atelier.predictions import LONGEST_LOOK_SECONDS, Heard
from atelier.steps import Steps
from contracts.answers import Prediction
from contracts.pictures import START, format_of


class WaitingOptions(TypedDict, total=False):
    """How to wait: how many ``seconds`` at most, who hears of each look, and whether Ctrl-C cancels the prediction."""

    seconds: float
    heard: Heard
    cancel_when_interrupted: bool


class SamplingOptions(WaitingOptions, total=False):
    """What every mode that paints takes; the docs' table of the request says what each means."""

    negative_prompt: str
    num_outputs: int
    num_inference_steps: int
    guidance_scale: float
    seed: int
    output_format: Literal["png", "jpeg", "webp"]
    noise_level: int


class PaintingOptions(SamplingOptions, total=False):
    """What every mode takes that paints with a style."""

    adapter_scale: float
    second_adapter: str
    second_adapter_scale: float
    upscale: bool


class MaskingOptions(PaintingOptions, total=False):
    """What every mode takes that repaints a part."""

    mask_grow: int
    mask_blur: float
    return_mask: bool
    colour: str


@dataclass(frozen=True, kw_only=True)
class PaintedPictures:
    """Files of pictures, the ``mask`` where it was asked for, and the prediction that they are of."""

    pictures: list[bytes]
    mask: bytes | None
    prediction: Prediction

    def save(self, path: str | Path) -> list[Path]:
        """Write the pictures to ``path``; several get a number before the ending, which becomes that of their format."""
        wanted, written = Path(path), []
        for number, picture in enumerate(self.pictures, start=1):
            kind = {"jpeg": "jpg"}.get(found := format_of(picture[:START]) or "png", found)
            name = wanted.stem if len(self.pictures) == 1 else f"{wanted.stem}-{number}"
            suffix = wanted.suffix if wanted.suffix.lower() in (f".{kind}", f".{found}") else f".{kind}"
            file = wanted.with_name(name + suffix)
            file.write_bytes(picture)
            written.append(file)
        return written


def style(
    photo: Picture, target: str, words: str, *, style: str = "", **options: Unpack[MaskingOptions]
) -> Steps[PaintedPictures]:
    """Repaint the garment that ``target`` names, by ``words``, in a ``style`` (or ``style@version``) that was learnt.

    Raises InvalidInputError, PredictionFailedError, StillRunningError, ApiError.
    """
    image = yield from placed(photo)
    fields = {"mode": "style", "image": image, "mask_prompt": target, "prompt": words}
    return (yield from paint(fields, style, options))


def generate(
    words: str,
    *,
    style: str = "",
    width: int | None = None,
    height: int | None = None,
    **options: Unpack[PaintingOptions],
) -> Steps[PaintedPictures]:
    """Paint a picture from words alone; sides in pixels. Raises as ``style`` does."""
    return (
        yield from paint({"mode": "text_to_image", "prompt": words, "width": width, "height": height}, style, options)
    )


def edit(
    photo: Picture,
    words: str,
    *,
    mask: Picture | None = None,
    strength: float | None = None,
    style: str = "",
    mask_convention: Literal["white", "transparent"] | None = None,
    **options: Unpack[MaskingOptions],
) -> Steps[PaintedPictures]:
    """Repaint what the mask says or, without one, the whole picture: the more anew, the higher ``strength``, 0 to 1.

    Raises as ``style`` does.
    """
    image = yield from placed(photo)
    fields = {"mode": "image_to_image" if mask is None else "inpaint", "image": image, "prompt": words}
    if mask is not None:
        fields["mask"] = yield from placed(mask, what="mask")
    more = {"strength": strength, "mask_convention": mask_convention}
    return (yield from paint({**fields, **more}, style, options))


def upscale(
    photo: Picture, words: str = "", *, style: str = "", **options: Unpack[SamplingOptions]
) -> Steps[PaintedPictures]:
    """Make a picture 4 times as wide and high, ``style`` being one of an upscaler. Raises as ``style`` does."""
    image = yield from placed(photo)
    return (yield from paint({"mode": "upscale", "image": image, "prompt": words}, style, options))


def segment(
    photo: Picture, target: str, *, mask_grow: int | None = None, **options: Unpack[WaitingOptions]
) -> Steps[PaintedPictures]:
    """The mask of the garment that ``target`` names, as the only picture. Raises as ``style`` does."""
    image = yield from placed(photo)
    fields = {"mode": "segment", "image": image, "mask_prompt": target, "mask_grow": mask_grow}
    return (yield from paint(fields, "", options))


def paint(fields: Mapping[str, Any], version: str, options: Mapping[str, Any]) -> Steps[PaintedPictures]:
    """Ask, wait and fetch. What is None or empty is left out of the request."""
    waiting = {name: each for name, each in options.items() if name in WaitingOptions.__annotations__}
    given = {**fields, **{name: each for name, each in options.items() if name not in waiting}}
    request = {name: each for name, each in given.items() if each not in (None, "")}
    begun = yield from predictions.create(request, version=version)
    ended = yield from predictions.wait(begun, **waiting, every=LONGEST_LOOK_SECONDS)
    files = yield from predictions.pictures(ended)
    mask = files.pop() if request.get("return_mask") else None
    return PaintedPictures(pictures=files, mask=mask, prediction=ended)
