"""JumpStart's inpainting: what is white in ``mask_image`` is repainted, by its public notebook."""

from collections.abc import Mapping
from typing import Any, ClassVar

from atelier_inference.dialects.dialect import Asked, Invocation, TakeRoom
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

STEPS, GUIDANCE = 50, 7.5
KEYS = (
    *("prompt", "image", "mask_image", "num_inference_steps", "guidance_scale", "negative_prompt"),
    *("num_images_per_prompt", "eta", "seed", "batch_size"),
)


class JumpStartInpainting(JumpStart):
    """The answer's pictures are of the size of the request's, and its own outside the mask; JumpStart's are of 512 x 512, all repainted."""

    name: ClassVar[str] = "jumpstart-inpainting"
    marks: ClassVar[frozenset[str]] = frozenset({"mask_image"})

    def read(self, call: Invocation) -> Asked:
        """See Dialect."""
        payload: Mapping[str, Any] = call.value
        check_accept(call)
        check_keys(payload, known=KEYS, needed=("prompt", "image", "mask_image"))
        positive = ("num_inference_steps", "num_images_per_prompt", "batch_size")
        check_numbers(payload, integers=(*positive, "seed"), positive=positive)
        copies = payload.get("num_images_per_prompt", 1)
        asked = {
            "mode": "inpaint",
            "prompt": payload["prompt"],
            "negative_prompt": payload.get("negative_prompt"),
            "num_outputs": copies,
            "output_format": picture_format(call),
            **sampling(payload, steps=STEPS, guidance=GUIDANCE),
        }

        def pictures(_: TakeRoom) -> Mapping[str, str]:
            picture = sent_picture(payload["image"], call, "image")
            check_listed(call, size_of(picture, "image"), copies)
            return {"image": picture, "mask": sent_picture(payload["mask_image"], call, "mask_image")}

        return Asked.lacking(["image", "mask"], pictures, asked, respond=answering(call, {}), where="payload")
