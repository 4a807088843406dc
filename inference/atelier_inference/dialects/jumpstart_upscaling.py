"""JumpStart's upscaling: a picture becomes four times as wide and high."""

from collections.abc import Mapping
from typing import Any, ClassVar

from atelier_inference.dialects.dialect import JPEG, Asked, Invocation, TakeRoom
from atelier_inference.dialects.jumpstart import (
    JumpStart,
    answering,
    check_accept,
    check_keys,
    check_listed,
    check_numbers,
    picture_format,
    sampling,
    sent_picture,
    size_of,
)
from contracts.pictures import UPSCALING

STEPS, GUIDANCE = 75, 9.0
"""Those of the pipeline that JumpStart's server calls, StableDiffusionUpscalePipeline."""
KEYS = (
    *("prompt", "image", "num_inference_steps", "guidance_scale", "negative_prompt", "num_images_per_prompt"),
    *("eta", "seed", "noise_level"),
)


class JumpStartUpscaling(JumpStart):
    """A picture without a mask: in a type that JumpStart's clients alone send, or as a list of pixels."""

    name: ClassVar[str] = "jumpstart-upscaling"

    def speaks(self, call: Invocation) -> bool:
        """See Dialect."""
        return bool(call.keys) and (call.content_type.endswith(JPEG) or isinstance(call.value.get("image"), list))

    def read(self, call: Invocation) -> Asked:
        """See Dialect."""
        payload: Mapping[str, Any] = call.value
        check_accept(call)
        check_keys(payload, known=KEYS, needed=("prompt", "image"))
        positive = ("num_inference_steps", "num_images_per_prompt")
        check_numbers(payload, integers=(*positive, "seed", "noise_level"), positive=positive)
        copies = payload.get("num_images_per_prompt", 1)
        asked = {
            "mode": "upscale",
            "prompt": payload["prompt"],
            "negative_prompt": payload.get("negative_prompt"),
            "num_outputs": copies,
            "noise_level": payload.get("noise_level"),
            "output_format": picture_format(call),
            **sampling(payload, steps=STEPS, guidance=GUIDANCE),
        }

        def pictures(_: TakeRoom) -> Mapping[str, str]:
            picture = sent_picture(payload["image"], call, "image")
            check_listed(call, size_of(picture, "image"), copies * UPSCALING**2)
            return {"image": picture}

        respond = answering(call, {"prompt": payload["prompt"]})
        return Asked.lacking(["image"], pictures, asked, respond=respond, where="payload")
