"""Uploads that are too large are deleted: the rule hears of the buckets and folders that clients put files in, above our limit."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.requests import LARGEST_UPLOAD
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.sources import Sources

_NAME = "uploads"
_BUCKETS = ("BucketsData", "BucketsMedia")
_FOLDERS = ("datasets/", "uploads/")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    function = handlers(assembly).get("discard_upload")
    if function is None:
        return
    rules = [
        rule
        for rule in assembly.of("AWS::Events::Rule")
        if function in assembly.referenced([each.get("Arn", "") for each in rule.properties.get("Targets", [])])
    ]
    if not rules:
        yield function.finding(_NAME, "no rule calls it", "Add the rule of components/upload_limit.py")
    for rule in rules:
        for wrong, remedy in _hears(assembly, rule):
            yield rule.finding(_NAME, wrong, remedy)


def _hears(assembly: Assembly, rule: Resource) -> Iterator[tuple[str, str]]:
    pattern = rule.properties.get("EventPattern", {})
    detail: Mapping[str, Any] = pattern.get("detail", {})
    if (pattern.get("source"), pattern.get("detail-type")) != (["aws.s3"], ["Object Created"]):
        yield (
            f"it hears of {pattern.get('source')} {pattern.get('detail-type')}",
            "Let it hear of aws.s3 Object Created",
        )
    buckets = assembly.referenced(detail.get("bucket", {}).get("name", []))
    names = sorted(each.logical_id for each in buckets)
    if not (len(names) == len(_BUCKETS) and all(map(str.startswith, names, _BUCKETS))):
        yield f"it hears of {', '.join(names) or 'no bucket'}", "Name the buckets of data and of media"
    stored = detail.get("object", {})
    if sorted(each.get("prefix", "") for each in stored.get("key", [])) != list(_FOLDERS):
        wrong = f"it hears of keys {stored.get('key')}"
        yield wrong, f"Name the prefixes {' and '.join(_FOLDERS)}, where clients put files"
    if stored.get("size") != [{"numeric": [">", LARGEST_UPLOAD]}]:
        wrong = f"it hears of sizes {stored.get('size')}"
        yield wrong, f"Hear of more than {LARGEST_UPLOAD} bytes (contracts.requests.LARGEST_UPLOAD)"
