"""Stable Diffusion 2.x: the parts of 1.x with OpenCLIP's text encoder, whose own configuration says where it stops.

The 768-pixel models predict the velocity; that too is read from the model, its scheduler's ``prediction_type``.
"""

from diffusion.sd1 import StableDiffusion1


class StableDiffusion2(StableDiffusion1):
    """Used exactly as 1.x."""


FAMILY = StableDiffusion2
