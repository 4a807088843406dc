"""What of a mask is repainted: the two conventions, of which a setting says one, and the words for a mask that is not of it."""

from typing import Literal

MaskConvention = Literal["white", "transparent"]

OF_REQUEST = "input.mask_convention"
"""The setting that says the convention of a prediction's mask."""
NOT_TRANSPARENT = "a mask without transparency"


def both_conventions(setting: str) -> str:
    """What is allowed as a mask, by either value of the ``setting`` that says which."""
    return (
        f"by {setting} white (the default): white where the picture is repainted, black elsewhere, grey only along soft edges, nothing "
        f"transparent; by {setting} transparent: transparent where the picture is repainted, opaque elsewhere"
    )
