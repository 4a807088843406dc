"""The dialects of the server, one file each. What a call says in its type and its keys decides; nothing is guessed from values."""

from atelier_inference.dialects.dialect import Dialect, Invocation
from atelier_inference.dialects.jumpstart_inpainting import JumpStartInpainting
from atelier_inference.dialects.jumpstart_text_to_image import JumpStartTextToImage
from atelier_inference.dialects.jumpstart_upscaling import JumpStartUpscaling
from atelier_inference.dialects.native import Native
from atelier_inference.dialects.nova_canvas import NovaCanvas
from atelier_inference.dialects.openai_images import OpenAiImages
from atelier_inference.dialects.replicate_cog import ReplicateCog
from atelier_inference.dialects.stability_search_and_replace import StabilitySearchAndReplace
from atelier_inference.dialects.styling_blog import StylingBlog
from contracts.errors import InvalidInputError

NATIVE = Native()
DIALECTS: tuple[Dialect, ...] = (
    JumpStartTextToImage(),
    JumpStartInpainting(),
    JumpStartUpscaling(),
    StylingBlog(),
    NovaCanvas(),
    OpenAiImages(),
    StabilitySearchAndReplace(),
    ReplicateCog(),
)
"""Those of other servers."""


def dialect_of(call: Invocation) -> Dialect:
    """Whoever speaks a call; the native dialect where nobody else does.

    Raises InvalidInputError for a body that cannot be read, and for one that has the marks of several.
    """
    marked = [dialect for dialect in DIALECTS if dialect.marks & call.keys]
    if len(marked) > 1:
        found = sorted(key for dialect in marked for key in dialect.marks & call.keys)
        names = " or ".join(dialect.name for dialect in marked)
        raise InvalidInputError("body", got=f"the keys {', '.join(found)}", allowed=f"those of one API: {names}")
    return next(iter(marked), None) or next((dialect for dialect in DIALECTS if dialect.speaks(call)), NATIVE)
