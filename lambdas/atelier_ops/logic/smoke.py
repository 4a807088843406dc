"""A smoke test: one real request to the endpoint that now serves a style, answered through the path that a client's request takes."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from atelier_ops.gateways.records import WAITING, Record
from atelier_ops.logic.picture import decode_picture
from atelier_ops.logic.submission import INLINE
from atelier_ops.logic.timestamps import rfc3339
from contracts.errors import InvalidInputError
from contracts.execution import UPSCALE
from contracts.plan import FineTuningPlan
from contracts.prediction import PredictionInput, PredictionOutput

FAILED = "SmokeTestFailed"
PREFIX = "smoke-"
LONGEST_TEST = 86_400
"""Seconds the record of a waiting run is kept: longer than a request may queue."""

STEPS = 8
"""Denoising steps: enough to run every part, few enough to take seconds."""

PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAPklEQVR42mNsYKAMMDGMGjBqwKgBw8QAFnSBBwQ0KIwG4qgBowaMGjBqwKgBowaMuPaBwmgg"
    "jhowasBINQAA/IgCJMUquN8AAAAASUVORK5CYII="
)
"""A grey PNG of 64 x 64 pixels with a darker middle, in base64; the server scales it to the model's resolution."""

MASK = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAM0lEQVR42u3OIQ4AMAgEQej//1xEU4MjNRUz8hI2RAAc2Yc9PFivHwgICAgICAj8FgC4CjPi"
    "AUBwf1GKAAAAAElFTkSuQmCC"
)
"""A mask for it: the middle is white."""


def inference_id(execution: str, version: int) -> str:
    """The same for every attempt, so that a repeated attempt replaces the waiting record of the one before."""
    return PREFIX + hashlib.sha256(f"{execution}@{version}".encode()).hexdigest()[:32]


def smoke_key(inference: str) -> str:
    """Where the token of the run that waits for this answer lies."""
    return f"smoke#{inference}"


def waiting(inference: str, token: str, execution: str, endpoint: str, now: float, body: Mapping[str, Any]) -> Record:
    """The record that lets the answer find its run; its request, ``body``, has still to be handed over to ``endpoint``."""
    data = {
        "token": token,
        "execution": execution,
        "endpoint": endpoint,
        INLINE: json.dumps(body),
        "submitted": False,
        "created_at": rfc3339(now),
    }
    return Record(key=smoke_key(inference), status=WAITING, expires_at=int(now) + LONGEST_TEST, data=data)


def smoke_request(plan: FineTuningPlan, version: int, *, dedicated: bool) -> dict[str, Any]:
    """The request body: an inpainting model repaints the middle of a drawn picture, an upscaler enlarges it, others paint from words alone.

    The adapter is the published version; a dedicated endpoint needs none. The size is the model's own resolution.
    """
    body: dict[str, Any] = {"prompt": plan.instance_prompt, "num_inference_steps": STEPS, "seed": 0}
    if plan.task == "inpaint":
        body |= {"mode": "inpaint", "image": PICTURE, "mask": MASK}
    elif plan.task == UPSCALE:
        body |= {"mode": "upscale", "image": PICTURE}
    else:
        body |= {"mode": "text_to_image"}
    if not dedicated:
        body["adapter"] = f"{plan.style}@{version}"
    PredictionInput.from_json(body)
    return body


def judge_answer(body: object) -> dict[str, Any]:
    """What the run goes on with. Raises InvalidInputError where the answer holds no picture."""
    answer = PredictionOutput.from_json(body)
    picture, picture_format = decode_picture("smoke test's picture", answer.images[0])
    if picture_format != answer.output_format:
        raise InvalidInputError("smoke test's picture", got=picture_format, allowed=answer.output_format)
    return {"pictures": len(answer.images), "bytes": len(picture), "model": answer.model, "adapter": answer.adapter}
