"""What clients are told for whoever is shown pictures."""

from collections.abc import Mapping
from typing import Any

from atelier_ops.logic.http import Dependencies, Request
from contracts.disclosure import chosen
from contracts.modes import MODES
from contracts.prediction import DEFAULT_MODE


def disclosed(request: Request, dependencies: Dependencies) -> tuple[str, str]:
    """The language and the sentence: in what the request prefers, else in the stage's own."""
    return chosen(dependencies.disclosure, str(request.headers.get("accept-language") or ""))


def sentence(inputs: Mapping[str, Any], request: Request, dependencies: Dependencies) -> str | None:
    """The sentence for the pictures of a prediction; None where nothing is painted."""
    mode = MODES.get(str(inputs.get("mode") or DEFAULT_MODE))
    return disclosed(request, dependencies)[1] if mode is None or mode.paints else None
