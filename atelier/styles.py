"""Styles that were learnt, and their versions."""

from typing import Any

from atelier import files
from atelier.pictures import Picture
from atelier.sending import ask
from atelier.steps import Steps
from contracts.answers import File, ImportedVersion, PromotedVersion


def promote(style: str, version: int) -> Steps[PromotedVersion]:
    """Let the style's bare name mean this version. Raises ApiError."""
    return ask(PromotedVersion, "POST", f"/v1/styles/{style}/versions/{version}/promote")


def import_version(
    style: str, weights: Picture, *, instance_prompt: str, base_model: str = "", alpha: float | None = None
) -> Steps[ImportedVersion]:
    """Make the style's next version of a safetensors file that was trained elsewhere: its path, contents, or what ``files.upload`` gave.

    Raises OSError, ApiError.
    """
    if not isinstance(weights, File):
        name = "weights.safetensors" if isinstance(weights, bytes) else ""
        weights = yield from files.upload(weights, name=name)
    body: dict[str, Any] = {"weights": weights.uri, "instance_prompt": instance_prompt}
    body |= {name: each for name, each in (("base_model", base_model), ("alpha", alpha)) if each not in (None, "")}
    return (yield from ask(ImportedVersion, "POST", f"/v1/styles/{style}/versions", body))
