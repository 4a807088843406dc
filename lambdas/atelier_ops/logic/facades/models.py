"""The base model and the styles as Replicate's and OpenAI's clients list them."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from atelier_ops.logic.http import Dependencies, ProblemError, Request
from atelier_ops.logic.ownership import may_read, visible_styles
from atelier_ops.logic.paging import following, position, read_query
from atelier_ops.logic.promotion import promoted_version
from atelier_ops.logic.timestamps import rfc3339
from contracts.execution import BASE
from contracts.layout import MANIFEST, STYLE_PATTERN, base_prefix, style_prefix
from contracts.model import json_schema
from contracts.model_names import OWNER
from contracts.prediction import PredictionInput
from contracts.queries import ModelsQuery

MOST = 100
"""Models or versions that an answer lists."""


def names(request: Request, dependencies: Dependencies) -> list[str]:
    """What the client may paint with: the base model first, then the styles."""
    return [BASE, *visible_styles(request, dependencies)]


def require(name: str, request: Request, dependencies: Dependencies) -> None:
    """Raises ProblemError 404 where there is no such model for this client."""
    if name == BASE:
        return
    known = re.fullmatch(STYLE_PATTERN, name) and may_read(name, request, dependencies)
    if not known or not dependencies.models.has(style_prefix(name)):
        raise ProblemError(404, f"model: got {name}; allowed: {BASE}, or a style that GET /v1/models lists")


def page(request: Request, dependencies: Dependencies) -> dict[str, Any]:
    """Some of the models, in Replicate's words and in OpenAI's. Raises InvalidInputError."""
    shown, following_page = _shown(request, dependencies)
    return {
        "results": [model_object(name, request, dependencies, None) for name in shown],
        "next": following_page,
        "previous": None,
        "object": "list",
        "data": [listed(name, dependencies) for name in shown],
    }


def deployments_page(request: Request, dependencies: Dependencies) -> dict[str, Any]:
    """The same models as Replicate's deployments: each is deployed under its own name. Raises InvalidInputError."""
    shown, following_page = _shown(request, dependencies)
    return {"results": [deployment(name) for name in shown], "next": following_page, "previous": None}


def deployment(name: str) -> dict[str, Any]:
    """A deployment as Replicate describes it; machines and their number are the stage's, and nobody is told of them."""
    return {"owner": OWNER, "name": name, "current_release": None}


def _shown(request: Request, dependencies: Dependencies) -> tuple[list[str], str | None]:
    """The names of a page, and the address of the next one. Raises InvalidInputError."""
    query = read_query(request, ModelsQuery)
    every, begin = names(request, dependencies), position(query, 1)
    # What the cursor names may be gone by now.
    rest = [name for name in every[1:] if name > begin[0]] if begin and begin[0] != BASE else every[1 if begin else 0 :]
    shown = rest[: query.limit]
    return shown, following(request, query, shown[-1:] if len(rest) > len(shown) else None)


def model_object(
    name: str, request: Request, dependencies: Dependencies, latest: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A model as Replicate describes it."""
    served = dependencies.served_base
    return {
        "url": request.urls(f"/v1/models/{OWNER}/{name}")["get"],
        "owner": OWNER,
        "name": name,
        "description": f"The base model, {served}" if name == BASE else f"The style {name}",
        "visibility": "private",
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 0,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": latest,
    }


def listed(name: str, dependencies: Dependencies) -> dict[str, Any]:
    """A model as OpenAI lists it: ``base``, a style, or ``style@version``."""
    created = int(_made_at(name, dependencies)) if name == BASE or "@" in name else 0
    return {"id": name, "object": "model", "created": created, "owned_by": OWNER}


def version_object(version: str, dependencies: Dependencies) -> dict[str, Any]:
    """A version as Replicate describes it."""
    return {
        "id": version,
        "created_at": rfc3339(_made_at(version, dependencies)),
        "cog_version": "none",
        "openapi_schema": _schema(),
    }


def is_promoted(style: str, dependencies: Dependencies) -> bool:
    """Whether the style's bare name means a version."""
    return promoted_version(style, dependencies.models) is not None


def _made_at(version: str, dependencies: Dependencies) -> float:
    """When its manifest was written, in seconds since 1970; 0 where it is gone."""
    reference = dependencies.served_base if version == BASE else version
    name, _, number = reference.partition("@")
    prefix = base_prefix(name, number) if version == BASE else style_prefix(name, int(number))
    manifest = dependencies.models.uploaded(prefix + MANIFEST)
    return manifest.written if manifest else 0.0


@cache
def _schema() -> dict[str, Any]:
    """OpenAPI of a prediction's input and output, as Replicate gives it."""
    output = {"type": "array", "items": {"type": "string", "format": "uri"}, "title": "Output"}
    components = {"schemas": {"Input": json_schema(PredictionInput), "Output": output}}
    return {"openapi": "3.1.0", "info": {"title": "Atelier", "version": "1"}, "paths": {}, "components": components}
