"""On what terms a style may be used: those of its base model, or narrower ones."""

from typing import Any

from contracts.artifact import BaseManifest
from contracts.errors import InvalidInputError
from contracts.requests import VersionRequest
from contracts.terms import YesOrNo


def check_terms(commercial: YesOrNo | None, base: BaseManifest, *, commercial_stage: bool, where: str) -> None:
    """Raises InvalidInputError for a style that would allow more than its base model, or less than its stage needs."""
    if commercial == "yes" and base.commercial == "no":
        allowed = f"no, or left out: {base.reference} may not be used commercially ({base.licence})"
        raise InvalidInputError(where, got="yes", allowed=allowed)
    check_stage_terms(commercial, commercial_stage=commercial_stage, where=where)


def check_stage_terms(commercial: YesOrNo | None, *, commercial_stage: bool, where: str) -> None:
    """Raises InvalidInputError for a style that allows less than its stage needs."""
    if commercial == "no" and commercial_stage:
        raise InvalidInputError(where, got="no", allowed="yes: pictures of this stage are used commercially")


def terms_of(body: VersionRequest, base: BaseManifest) -> dict[str, Any]:
    """The style's own, for its manifest: checked, so that what was said is never more than the base model's."""
    return {
        "licence": body.licence,
        "commercial": body.commercial or base.commercial,
        "restricted": base.restricted,
    }
