"""The List* operations: filters, order and pages, as the service model describes the answer."""

from math import inf
from typing import Any

from botocore.model import ListShape, OperationModel, StructureShape

from local.errors import validation_error
from local.sagemaker.store import Record, RecordStore

_PAGE = 100


def list_records(operation: OperationModel, kind: str, records: list[Record], params: Record) -> Record:
    """One page of the `records` of a kind, newest first unless SortOrder says otherwise, reduced to the summary's members."""
    output = operation.output_shape
    assert isinstance(output, StructureShape)
    member, shape = next((k, s) for k, s in output.members.items() if isinstance(s, ListShape))
    summary = shape.member
    assert isinstance(summary, StructureShape)
    matches = sorted((r for r in records if _matches(kind, r, params)), key=lambda r: r["CreationTime"])
    if params.get("SortOrder", "Descending") == "Descending":
        matches.reverse()
    start, count = _start(params), params.get("MaxResults", _PAGE)
    page: list[dict[str, Any]] = [{k: r[k] for k in summary.members if k in r} for r in matches[start : start + count]]
    more = {"NextToken": str(start + count)} if start + count < len(matches) else {}
    return {member: page, **more}


def _start(params: Record) -> int:
    token = params.get("NextToken", "0")
    if not token.isdigit():
        raise validation_error("NextToken: not a token of this operation")
    return int(token)


def _matches(kind: str, record: Record, params: Record) -> bool:
    name: str = record.get(f"{kind}Name") or record.get("ModelPackageGroupName") or ""
    group = params.get("ModelPackageGroupName")
    created = record["CreationTime"].timestamp()
    checks = (
        params.get("NameContains", "") in name,
        params.get("StatusEquals") in (None, record.get(f"{kind}Status")),
        group is None or record.get("ModelPackageGroupName") == RecordStore.name(group),
        params.get("ModelApprovalStatus") in (None, record.get("ModelApprovalStatus")),
        created > _epoch(params.get("CreationTimeAfter", -inf)),
        created < _epoch(params.get("CreationTimeBefore", inf)),
    )
    return all(checks)


def _epoch(value: Any) -> float:
    return float(value.timestamp()) if hasattr(value, "timestamp") else float(value)
