"""GET /v1/base-models: what the stage has mirrored, or made by a pretraining."""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import ObjectStore, read_json
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.paging import page, position, read_query
from atelier_ops.logic.style_versions import in_parallel
from contracts.artifact import BaseManifest
from contracts.families import FAMILIES, FamilyFacts
from contracts.layout import BASES, MANIFEST, base_prefix
from contracts.queries import PageQuery

_AS_IN_THE_MANIFEST = (
    *("name", "revision", "family", "task", "resolution"),
    *("licence", "licence_text", "commercial", "restricted", "stage", "retires"),
)


def list_models(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with a page of the base models, by name. Raises InvalidInputError."""
    query = read_query(request, PageQuery)
    begin = position(query, 1)
    references = [each for each in dependencies.models.folders(BASES) if not begin or each > begin[0]]
    chosen = references[: query.limit]
    shown = in_parallel(lambda reference: _show(reference, dependencies), chosen)
    last = [chosen[-1]] if len(references) > len(chosen) else None
    return page(request, query, [each for each in shown if each is not None], last)


def get(_: Request, dependencies: Dependencies, name: str) -> Response[str]:
    """200 with the revisions of the base model of this name, the newest last. Raises ProblemError 404."""
    references = dependencies.models.folders(BASES)
    named = [each for each in references if each.partition("@")[0] == name]
    shown = [each for each in in_parallel(lambda each: _show(each, dependencies), named) if each is not None]
    if not shown:
        there = " | ".join(dict.fromkeys(each.partition("@")[0] for each in references)) or "none is mirrored yet"
        raise ProblemError(404, f"base model: got {name}; allowed: {there}")
    return respond(200, {"name": name, "revisions": shown})


def _show(reference: str, dependencies: Dependencies) -> dict[str, Any] | None:
    """One base model; None while it is not mirrored to the end."""
    models = dependencies.models
    manifest = _read(reference, models)
    if manifest is None:
        return None
    return {
        **{name: getattr(manifest, name) for name in _AS_IN_THE_MANIFEST},
        "reference": reference,
        "defaults": manifest.defaults.to_json(),
        "fast": manifest.fast.to_json() if manifest.fast else None,
        "methods": list(FAMILIES.get(manifest.family, FamilyFacts()).methods),
        "served": reference == dependencies.served_base,
        "pretrained": manifest.origin is not None,
        "size": sum(entry.size for entry in models.listing(_prefix(reference))),
    }


def _read(reference: str, models: ObjectStore) -> BaseManifest | None:
    try:
        return BaseManifest.from_json(read_json(models, _prefix(reference) + MANIFEST))
    except MissingObjectError:
        return None


def _prefix(reference: str) -> str:
    name, _, revision = reference.partition("@")
    return base_prefix(name, revision)
