"""What a picture file tells besides its pixels: an XMP packet, and texts where the format has a place for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import PngImagePlugin

PNG_XMP = "XML:com.adobe.xmp"
"""The keyword of an XMP packet in a PNG's iTXt chunk: XMP specification, part 3, section 1.1.5."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """``xmp`` is a packet in UTF-8, without one if empty; ``texts`` are by their keyword, which a PNG alone has a place for."""

    xmp: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


NOTHING = Told()


def saving(told: Told, file_format: str) -> dict[str, Any]:
    """What Pillow's ``save`` is told, for a ``png``, ``jpeg`` or ``webp``. A PNG says that it is sRGB too."""
    if file_format != "png":
        return {"xmp": told.xmp.encode()} if told.xmp else {}
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"sRGB", b"\0")
    if told.xmp:
        chunks.add_itxt(PNG_XMP, told.xmp)
    for keyword, text in told.texts.items():
        chunks.add_text(keyword, text)
    return {"pnginfo": chunks}
