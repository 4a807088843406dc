"""What a call says beside its body, in SageMaker's CustomAttributes: styles and a consent reference, for bodies of other APIs that have
no place for them."""

import re
from collections.abc import Collection, Iterator

from contracts.errors import InvalidInputError
from contracts.people import CONSENT_RULE, ConsentRule, consent_of_picture
from contracts.prediction import PredictionInput

CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
"""``adapter=skirt@3`` or ``adapter=skirt@3;adapter_scale=0.8``, and so a second one, and ``consent=release-17``; callers put other things
there too, which mean nothing here."""
_NAME = "CustomAttributes"
_STYLES = ("adapter", "second_adapter")
_SCALES = ("adapter_scale", "second_adapter_scale")


def styled(request: PredictionInput, attributes: str) -> PredictionInput:
    """The request with the one or two styles that ``attributes`` name, if they do. Raises InvalidInputError."""
    said = dict(_said(attributes, (*_STYLES, *_SCALES)))
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


def consented(request: PredictionInput, attributes: str, rule: ConsentRule) -> PredictionInput:
    """The request with the consent reference that ``attributes`` name, if they do.

    Raises InvalidInputError, which does not repeat a reference, and where ``rule`` demands one and there is none.
    """
    said = dict(_said(attributes, ("consent",)))
    if said and request.consent not in ("", said["consent"]):
        raise InvalidInputError(_NAME, got="consent", allowed="the body's own, or none")
    if said:
        try:
            request = PredictionInput.from_json({**request.to_json(), **said})
        except InvalidInputError as error:
            raise InvalidInputError(_NAME, got="consent", allowed=f"consent={CONSENT_RULE}") from error
    if problems := list(consent_of_picture(rule, request, "consent")):
        raise InvalidInputError.of(problems)
    return request


def _said(attributes: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    for each in re.split("[;,]", attributes):
        name, _, value = each.partition("=")
        if name.strip() in names:
            yield name.strip(), value.strip()
