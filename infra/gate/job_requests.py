"""Requests for jobs as checks read them, whichever of SageMaker's kinds they are."""

from collections.abc import Mapping
from typing import Any

DEFINITION = "TrainingJobDefinition"
"""What a tuning job's training jobs have in common."""


def trial_of(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tuning job's request as one for each of its training jobs, without a name; any other request as it is."""
    inner = request.get(DEFINITION)
    if not isinstance(inner, Mapping):
        return request
    own = {key: value for key, value in inner.items() if key != "StaticHyperParameters"}
    tags = {"Tags": request["Tags"]} if "Tags" in request else {}
    return {**own, **tags, "HyperParameters": inner.get("StaticHyperParameters")}
