"""A body of every operation that takes JSON, as somebody would send it first: docs/openapi.json shows them, and make clients sends them."""

from collections.abc import Mapping
from typing import Any

_PAINTED = {"input": {"mode": "text_to_image", "prompt": "a photo of sks skirt", "seed": 7}}
_LEARNT: Mapping[str, Any] = {
    "destination": "me/sunset-skirt",
    "input": {"dataset": "datasets/sunset-skirt/", "target": "a skirt", "instance_prompt": "a photo of sks skirt"},
}
_TOLD = {"webhook": "https://example.com/told", "webhook_events_filter": ["completed"]}
_STREET = "uploads/0123456789abcdef/0123456789abcdef0123456789/street.png"
_BATCH = {"input": {"mode": "style", "image": "{photo}", "mask_prompt": "a skirt", "prompt": "a {colour} skirt"}}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "create_prediction": {
        "words": {**_PAINTED, "version": "base"},
        "restyled": {
            "input": {
                "mode": "style",
                "image": _STREET,
                "mask_prompt": "a skirt",
                "prompt": "a photo of sks skirt",
                "adapter": "sunset-skirt",
            },
            **_TOLD,
        },
    },
    "create_model_prediction": {"words": _PAINTED},
    "create_deployment_prediction": {"words": _PAINTED},
    "generate_images": {"words": {"prompt": "a photo of sks skirt", "model": "base", "n": 2}},
    "create_batch": {
        "a few rows": {**_BATCH, "items": [{"photo": _STREET, "colour": "red"}, {"photo": _STREET, "colour": "blue"}]},
        "a catalogue": {
            **_BATCH,
            "name": "spring",
            "version": "{style}",
            "manifest": "uploads/0123456789abcdef/0123456789abcdef0123456789/spring.csv",
            "concurrency": 20,
        },
    },
    "resume_batch": {"as it was": {}, "with more patience": {"tolerated_failures": 0.5}},
    "create_training": {
        "a garment": _LEARNT,
        "approved by a person": {**_LEARNT, "input": {**_LEARNT["input"], "approval": "manual"}, **_TOLD},
    },
    "create_model_training": {"a garment": _LEARNT},
    "put_captions": {
        "one, mended": {
            "captions": [{"file_name": "skirt-01.jpg", "text": "a photo of sks skirt with a white shirt, from behind"}]
        },
    },
    "resume_training": {"as it was": {}, "with a lower gate": {"gate": {"garment_share": 0.4}}},
    "create_file": {
        "a photo": {"name": "street.png", "content_type": "image/png", "size": 530_000, "purpose": "upload"},
        "of a dataset": {
            **{"name": "skirt-01.jpg", "content_type": "image/jpeg", "size": 2_100_000},
            **{"purpose": "dataset", "style": "sunset-skirt"},
        },
    },
    "create_version": {
        "an adapter": {
            "weights": "uploads/0123456789abcdef/0123456789abcdef0123456789/linen.safetensors",
            "instance_prompt": "a photo of sks linen",
        }
    },
    "approve_version": {"why": {"reason": "the hem is right"}},
    "reject_version": {"why": {"reason": "the hem is wrong"}},
    "evaluate_version": {
        "on other photos": {"dataset": "datasets/sunset-skirt-spring/"},
        "with a gate": {"dataset": "datasets/sunset-skirt-spring/", "gate": {"garment_share": 0.6, "leak": 0.3}},
    },
    "roll_back_style": {"whatever it means": {}, "from what is wrong": {"leave": "sunset-skirt@2"}},
}
"""By an operation's name and what the example is of."""
