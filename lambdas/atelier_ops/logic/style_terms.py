"""On what terms an imported style may be used: those of its base model, or narrower ones."""

from typing import Any

from contracts.artifact import BaseManifest
from contracts.errors import InvalidInputError
from contracts.requests import VersionRequest


def check_terms(body: VersionRequest, base: BaseManifest, *, commercial_stage: bool) -> None:
    """Raises InvalidInputError for a style that would allow more than its base model, or less than its stage needs."""
    if body.commercial == "yes" and base.commercial == "no":
        allowed = f"no, or left out: {base.reference} may not be used commercially ({base.licence})"
        raise InvalidInputError("commercial", got="yes", allowed=allowed)
    if body.commercial == "no" and commercial_stage:
        raise InvalidInputError("commercial", got="no", allowed="yes: pictures of this stage are used commercially")


def terms_of(body: VersionRequest, base: BaseManifest) -> dict[str, Any]:
    """The style's own, for its manifest: checked, so that what was said is never more than the base model's."""
    return {
        "licence": body.licence,
        "commercial": body.commercial or base.commercial,
        "restricted": base.restricted,
    }
