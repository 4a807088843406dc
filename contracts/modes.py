"""The modes of a prediction: what each needs of a request, and what it uses. Every other field means nothing in it.

A new mode is one entry of MODES and one file of its name in the model server's ``modes/``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_ALWAYS = ("mode", "output_format", "consent")


@dataclass(frozen=True, kw_only=True)
class ModeFields:
    """The fields of a request that mean something in a mode: it cannot do without ``needs``; ``uses`` may be left out.

    ``meaning`` is what the mode does, for the docs. One that ``paints`` makes pictures of which people are to be told that they were made.
    """

    meaning: str
    needs: tuple[str, ...]
    uses: tuple[str, ...]
    paints: bool = True

    def ignored(self, fields: Iterable[str]) -> list[str]:
        """Those of ``fields`` that mean nothing in this mode."""
        return [name for name in fields if name not in (*_ALWAYS, *self.needs, *self.uses)]


_SAMPLING = ("negative_prompt", "num_outputs", "num_inference_steps", "guidance_scale", "seed")
_ADAPTERS = ("adapter", "adapter_scale", "second_adapter", "second_adapter_scale")
_PAINTING = (*_SAMPLING, "fast", *_ADAPTERS, "upscale", "noise_level")
_MASKING = ("mask_grow", "mask_blur", "return_mask")
_REPAINTING = (*_PAINTING, *_MASKING, "colour")

MODES: Mapping[str, ModeFields] = {
    "style": ModeFields(
        meaning="repaints the garment that `mask_prompt` describes",
        needs=("prompt", "image", "mask_prompt"),
        uses=_REPAINTING,
    ),
    "inpaint": ModeFields(
        meaning="repaints what is white in `mask`, or what is transparent in it",
        needs=("prompt", "image", "mask"),
        uses=(*_REPAINTING, "mask_convention"),
    ),
    "image_to_image": ModeFields(
        meaning="paints the whole picture anew, starting from it",
        needs=("prompt", "image"),
        uses=(*_PAINTING, "strength"),
    ),
    "text_to_image": ModeFields(
        meaning="paints a picture from words alone",
        needs=("prompt",),
        uses=(*_PAINTING, "width", "height"),
    ),
    "upscale": ModeFields(
        meaning="makes a picture 4 times as wide and high",
        needs=("image",),
        uses=("prompt", *_SAMPLING, *_ADAPTERS, "noise_level"),
    ),
    "segment": ModeFields(
        meaning="answers with the mask of the garment that `mask_prompt` describes",
        needs=("image", "mask_prompt"),
        uses=("mask_grow", "return_mask"),
        paints=False,
    ),
}
