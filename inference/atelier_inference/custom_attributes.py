"""What a call says beside its body, in SageMaker's CustomAttributes: a style, for bodies of other APIs that have no place for one."""

import re
from collections.abc import Iterator

from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput

CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
"""``adapter=skirt@3`` or ``adapter=skirt@3;adapter_scale=0.8``; callers put other things there too, which mean nothing here."""
_NAME = "CustomAttributes"


def styled(request: PredictionInput, attributes: str) -> PredictionInput:
    """The request with the style that ``attributes`` name, if they do. Raises InvalidInputError."""
    said = dict(_said(attributes))
    if not said:
        return request
    if request.adapter or "adapter" not in said:
        allowed = "adapter, and adapter_scale beside it, where the body names no style"
        raise InvalidInputError(_NAME, got=attributes, allowed=allowed)
    try:
        scale = float(said.get("adapter_scale", request.adapter_scale))
        styles = {"adapter": said["adapter"], "adapter_scale": scale}
        return PredictionInput.from_json({**request.to_json(), **styles})
    except ValueError as error:  # InvalidInputError is one
        raise InvalidInputError(_NAME, got=attributes, allowed="adapter=style@version;adapter_scale=0 to 2") from error


def _said(attributes: str) -> Iterator[tuple[str, str]]:
    for each in re.split("[;,]", attributes):
        name, _, value = each.partition("=")
        if name.strip() in ("adapter", "adapter_scale"):
            yield name.strip(), value.strip()
