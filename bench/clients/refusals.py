"""Which refusals of a body or a query no schema can foresee.

A schema says of what kind a value is, not whether there is a style of this name, whether text is a picture, or whether a cursor is one that
a list gave. So a 422 to what fits its schema is right where everything that it calls wrong is named here, and nowhere else.
"""

import json
import re
from collections.abc import Mapping

_PAINTS = (
    r"version|webhook|input\.(adapter|image|mask|mask_prompt|num_outputs|num_inference_steps|width|strength|consent)"
)
_LEARNS = (
    r"webhook|destination|"
    r"input\.(class_prompt|instance_prompt|style|target|task|method|deploy|dataset|base_model|consent)|"
    r"input\.search(\..*)?|pictures directly in the dataset"
)
_LISTS = r"query\.cursor"

BEYOND: Mapping[str, str] = {
    "create_prediction": _PAINTS,
    "create_model_prediction": _PAINTS,
    "create_deployment_prediction": _PAINTS,
    "generate_images": r"model|prompt|n|size|consent",
    "edit_images": r"GarmentNotFoundError|model|image|mask|size|n|mask_prompt|prompt|consent",
    "search_and_replace": r"GarmentNotFoundError|version|image|search_prompt|prompt|consent",
    "create_batch": rf"items|manifest|rows|line \d+.*|{_PAINTS}",
    "create_training": _LEARNS,
    "create_model_training": _LEARNS,
    "resume_batch": r"webhook",
    "resume_training": r"webhook|gate.*",
    "put_captions": r"captions.*",
    "create_file": r"name|content_type|size|content|metadata",
    "evaluate_version": r"webhook|consent|target|instance_prompt|dataset|input\.(dataset|instance_prompt)|pictures directly in the dataset",
    "create_version": r"style|weights.*|base_model|alpha|instance_prompt",
    **dict.fromkeys(
        (
            *("list_predictions", "list_trainings", "list_files", "list_styles", "list_base_models", "list_models"),
            *("list_deployments", "list_batches"),
        ),
        _LISTS,
    ),
}
"""By an operation's name, the ``what`` of refusals that its schema cannot foresee."""


def is_foreseen(operation: str, text: str) -> bool:
    """Whether a refusal calls something wrong of which the operation's schema could have said so."""
    said = json.loads(text)
    error = said.get("error") or {"param": said.get("what"), "message": ""}
    lines = said.get("errors") or [{"what": error["param"]} if error["param"] else error["message"]]
    named = [line.partition(":")[0] if isinstance(line, str) else str(line["what"]) for line in lines]
    known = rf"Idempotency-Key|{BEYOND.get(operation, '')}"
    return not all(re.fullmatch(known, what, re.DOTALL) for what in named)
