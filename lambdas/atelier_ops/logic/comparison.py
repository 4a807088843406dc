"""GET /v1/styles/{style}/compare: versions side by side, by what was measured and by the pictures that they painted."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.discretion import discreet
from atelier_ops.logic.http import Dependencies, Request, respond
from atelier_ops.logic.paging import read_query
from atelier_ops.logic.style_pages import URL_SECONDS, pictures, readable_style
from atelier_ops.logic.style_versions import KnownVersion, require_version, show
from contracts.metrics import METRICS
from contracts.queries import ComparisonQuery


def compare(request: Request, dependencies: Dependencies, style: str) -> Response[str]:
    """200 with the versions of the query. Raises ProblemError 404, InvalidInputError."""
    query = read_query(request, ComparisonQuery)
    known = readable_style(style, request, dependencies)
    versions = [require_version(known, str(number), dependencies) for number in query.numbers]
    shown = [show(version, known, dependencies) for version in versions]
    body = {
        "style": style,
        "same_dataset": len({_dataset(version) for version in versions}) == 1 and bool(_dataset(versions[0])),
        "versions": shown,
        "metrics": _metrics({each["version"]: each["metrics"] for each in shown}),
    }
    return respond(200, {**discreet(body, style), "pictures": _pictures(versions, dependencies.data)})


def _dataset(version: KnownVersion) -> str:
    if version.manifest:
        return version.manifest.dataset_sha256
    return version.package.metadata.get("dataset_sha256", "") if version.package else ""


def _metrics(measured: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Each metric that any of the versions has."""
    found = []
    for name, metric in METRICS.items():
        values = {version: metrics[name] for version, metrics in measured.items() if name in metrics}
        if values:
            best = max(values.values()) if metric.higher_is_better else min(values.values())
            found.append(
                {
                    "name": name,
                    "meaning": metric.meaning,
                    "better": "higher" if metric.higher_is_better else "lower",
                    "values": values,
                    "best": [version for version, value in values.items() if value == best],
                }
            )
    return found


def _pictures(versions: Sequence[KnownVersion], data: ObjectStore) -> list[dict[str, Any]]:
    urls = dict[str, dict[str, str]]()
    for version in versions:
        for name, entry in pictures(version, data).items():
            urls.setdefault(name, {})[version.name] = data.get_url(entry.key, URL_SECONDS)
    return [{"name": name, "urls": urls[name]} for name in sorted(urls)]
