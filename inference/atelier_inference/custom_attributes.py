"""What a call says beside its body, in SageMaker's CustomAttributes: styles, for bodies of other APIs that have no place for them."""

import re
from collections.abc import Iterator

from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput

CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
"""``adapter=skirt@3`` or ``adapter=skirt@3;adapter_scale=0.8``, and so a second one; callers put other things there too, which mean
nothing here."""
_NAME = "CustomAttributes"
_STYLES = ("adapter", "second_adapter")
_SCALES = ("adapter_scale", "second_adapter_scale")


def styled(request: PredictionInput, attributes: str) -> PredictionInput:
    """The request with the one or two styles that ``attributes`` name, if they do. Raises InvalidInputError."""
    said = dict(_said(attributes))
    if not said:
        return request
    if request.adapter or request.second_adapter or "adapter" not in said:
        allowed = "adapter, and adapter_scale and a second_adapter beside it, where the body names no style"
        raise InvalidInputError(_NAME, got=attributes, allowed=allowed)
    try:
        scales = {name: float(said[name]) for name in _SCALES if name in said}
        return PredictionInput.from_json({**request.to_json(), **said, **scales})
    except ValueError as error:  # InvalidInputError is one
        allowed = "adapter=style@version;adapter_scale=0 to 2, and second_adapter, second_adapter_scale"
        raise InvalidInputError(_NAME, got=attributes, allowed=allowed) from error


def _said(attributes: str) -> Iterator[tuple[str, str]]:
    for each in re.split("[;,]", attributes):
        name, _, value = each.partition("=")
        if name.strip() in (*_STYLES, *_SCALES):
            yield name.strip(), value.strip()
