"""The dialects of the server, one file each. What a call says in its type and its keys decides; nothing is guessed from values."""

from atelier_inference.dialects.dialect import Dialect, Invocation
from atelier_inference.dialects.jumpstart_inpainting import JumpStartInpainting
from atelier_inference.dialects.jumpstart_text_to_image import JumpStartTextToImage
from atelier_inference.dialects.jumpstart_upscaling import JumpStartUpscaling
from atelier_inference.dialects.native import Native
from atelier_inference.dialects.styling_blog import StylingBlog

NATIVE = Native()
DIALECTS: tuple[Dialect, ...] = (JumpStartTextToImage(), JumpStartInpainting(), JumpStartUpscaling(), StylingBlog())
"""Those of other servers."""


def dialect_of(call: Invocation) -> Dialect:
    """Whoever speaks a call; the native dialect where nobody else does. Raises InvalidInputError for JSON that is none."""
    return next((dialect for dialect in DIALECTS if dialect.speaks(call)), NATIVE)
