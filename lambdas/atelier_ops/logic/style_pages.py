"""GET of styles: which there are, the versions of one, and all that is known of a version."""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.storage import ObjectStore, StoredObject
from atelier_ops.logic.discretion import discreet
from atelier_ops.logic.http import Dependencies, Request, respond
from atelier_ops.logic.ownership import is_claimed, require_readable, unknown_style, visible_styles
from atelier_ops.logic.paging import page, position, read_query
from atelier_ops.logic.spread import read_spread
from atelier_ops.logic.style_versions import (
    MOST_VERSIONS,
    KnownStyle,
    KnownVersion,
    in_parallel,
    known_style,
    look_at,
    published_style,
    require_version,
    show,
)
from atelier_ops.logic.versions import is_style
from contracts.layout import MANIFEST, style_prefix
from contracts.queries import PageQuery

URL_SECONDS = 3_600
"""Seconds that addresses of files work; asking again gives new ones."""

_SINGLE = ("sheet.png", "loss.png")


def list_styles(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with a page of the published styles that the client may read, by name. Raises InvalidInputError."""
    query = read_query(request, PageQuery)
    begin = position(query, 1)
    names = [name for name in visible_styles(request, dependencies) if not begin or name > begin[0]]
    chosen = names[: query.limit]
    results = in_parallel(lambda name: _listed(name, dependencies), chosen)
    # Of one that is deleted this moment, or is not published to the end, there may be a folder.
    results = [each for each in results if each["versions"]]
    return page(request, query, results, [chosen[-1]] if len(names) > len(chosen) else None)


def get(request: Request, dependencies: Dependencies, style: str) -> Response[str]:
    """200 with the style and its newest versions. Raises ProblemError 404."""
    known = readable_style(style, request, dependencies)
    promoted, previous = known.names()
    versions = look_at(known, known.numbers[:MOST_VERSIONS], dependencies)
    body = {
        "style": style,
        "owner": _owner(style, dependencies),
        "promoted": promoted,
        "previous": previous,
        "versions_in_all": len(known.numbers),
        "versions": [show(version, known, dependencies) for version in versions],
    }
    return respond(200, discreet(body, style))


def get_version(request: Request, dependencies: Dependencies, style: str, version: str) -> Response[str]:
    """200 with all that is known of the version. Raises ProblemError 404."""
    known = readable_style(style, request, dependencies)
    found = require_version(known, version, dependencies)
    manifest = found.manifest
    body = {
        **show(found, known, dependencies),
        "instance_prompt": manifest.instance_prompt if manifest else None,
        "class_prompt": (manifest.class_prompt or None) if manifest else None,
        "target": (manifest.target or None) if manifest else None,
        "hyperparameters": dict(manifest.hyperparameters) if manifest else {},
        "dataset_sha256": (manifest.dataset_sha256 or None) if manifest else None,
        "code_version": (manifest.code_version or None) if manifest else None,
        "spread": _spread(found, dependencies.data),
        "comparison": _comparison(found, dependencies),
    }
    return respond(200, {**discreet(body, style), **_links(found, dependencies)})


def readable_style(style: str, request: Request, dependencies: Dependencies) -> KnownStyle:
    """A style that the client may read, of which there is a version. Raises ProblemError 404."""
    if not is_style(style):
        raise unknown_style(style, request, dependencies)
    require_readable(style, request, dependencies)
    known = known_style(style, dependencies)
    if not known.published and not look_at(known, known.numbers[:MOST_VERSIONS], dependencies):
        raise unknown_style(style, request, dependencies)
    return known


def pictures(version: KnownVersion, data: ObjectStore) -> dict[str, StoredObject]:
    """By name, what the version's evaluation painted and drew; nothing where that has expired."""
    if not version.execution:
        return {}
    names = {entry.key.removeprefix(version.evaluated): entry for entry in data.listing(version.evaluated)}
    return {
        name.removeprefix("pictures/"): entry
        for name, entry in names.items()
        if name in _SINGLE or (name.startswith("pictures/") and name.endswith(".png"))
    }


def _listed(style: str, dependencies: Dependencies) -> dict[str, Any]:
    known = published_style(style, dependencies.models)
    promoted, previous = known.names()
    return {
        "style": style,
        "owner": _owner(style, dependencies),
        "promoted": promoted,
        "previous": previous,
        "versions": len(known.published),
        "size": sum(entry.size for objects in known.published.values() for entry in objects),
    }


def _owner(style: str, dependencies: Dependencies) -> str:
    return "client" if is_claimed(style, dependencies) else "house"


def _spread(version: KnownVersion, data: ObjectStore) -> dict[str, Any]:
    found = read_spread(version.evaluated, data) if version.execution else {}
    return {name: each.to_json() for name, each in found.items()}


def _comparison(version: KnownVersion, dependencies: Dependencies) -> str | None:
    """What its run said of the version in service; Step Functions forgets it after 90 days."""
    run = dependencies.executions.describe(version.execution) if version.execution else None
    said = (run.output or {}).get("comparison") if run and isinstance(run.output, dict) else None
    return str(said) if said else None


def _links(version: KnownVersion, dependencies: Dependencies) -> dict[str, Any]:
    """Presigned addresses: of the published files, and of what the evaluation left."""
    models, data = dependencies.models, dependencies.data
    prefix = style_prefix(version.style, version.number)
    files = [entry for entry in version.objects if entry.key != prefix + MANIFEST]
    report = f"{version.evaluated}report.html"
    there = bool(version.execution) and data.uploaded(report) is not None
    return {
        "files": [_link(entry.key.removeprefix(prefix), entry, models) for entry in files],
        "report": data.get_url(report, URL_SECONDS) if there else None,
        "pictures": [_link(name, entry, data) for name, entry in pictures(version, data).items()],
    }


def _link(name: str, entry: StoredObject, store: ObjectStore) -> dict[str, Any]:
    return {"name": name, "size": entry.size, "url": store.get_url(entry.key, URL_SECONDS)}
