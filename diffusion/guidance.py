"""Ends a pipeline call's guidance after its first steps: from there on a picture is one row of the denoiser instead of two.

Guidance decides early what is painted, and its two predictions come to agree (Castillo et al. 2023, arXiv:2312.12487; Kynkäänniemi et al.
2024, arXiv:2404.07724). diffusers' own callback for this leaves the mask and the masked picture doubled, and stops at inpainting.
"""

from typing import Any

from contracts.sampling import guided_steps

DOUBLED = ("prompt_embeds", "add_text_embeds", "add_time_ids", "mask", "masked_image_latents")
"""What the loops of the Stable Diffusion pipelines hold twice while they guide, first for the negative prompts: their names of it."""


def doubled(pipeline: Any) -> list[str]:
    """Those of ``DOUBLED`` that a pipeline's loop has, and lets a callback change after a step."""
    return [name for name in DOUBLED if name in pipeline._callback_tensor_inputs]


def end_guidance(pipeline: Any, step: int, tensors: dict[str, Any], *, until: float) -> None:
    """After a pipeline's ``step`` (from 0): once the share ``until`` of its steps is done, have it go on by the prompts alone.

    ``tensors`` are those of the loop, by name; the halved ones are put back into it.
    """
    if pipeline.do_classifier_free_guidance and step + 1 == guided_steps(pipeline.num_timesteps, until):
        pipeline._guidance_scale = 0.0
        tensors |= {name: tensors[name].chunk(2)[1] for name in DOUBLED if name in tensors}
