"""Requests that no honest client sends: each is refused in the API's own words, none is a fault of ours, and nothing odd is kept."""

import base64
import json
from collections import Counter
from itertools import islice
from typing import Any

from tests.unit.hostile_requests import HostileRequest, hostile_requests
from tests.unit.ops_api import Api

COUNT = 4_500


def event_of(request: HostileRequest, number: int) -> dict[str, Any]:
    """As API Gateway carries it: bytes that are no text come as base64, and no headers at all as null."""
    body, encoded = request.body, False
    try:
        text = None if body is None else body.decode()
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body or b"").decode(), True
    return {
        "httpMethod": request.method,
        "path": request.path,
        "headers": dict(request.headers) or None,
        "body": text,
        "isBase64Encoded": encoded,
        "requestContext": {"path": f"/live{request.path}", "requestId": f"r{number}", "identity": {"apiKeyId": "k"}},
    }


def test_no_hostile_request_is_a_fault_of_ours() -> None:
    api, statuses = Api(), Counter[int]()
    for number, request in enumerate(islice(hostile_requests(seed=12), COUNT)):
        answered = api.event(event_of(request, number))
        statuses[answered.status] += 1
        # Whose pictures nobody paints meanwhile is told to come back.
        told_to_return = answered.status == 503 and request.path.strip("/").startswith(("v1/images/", "v2beta/"))
        assert answered.status < 500 or told_to_return, request
        is_problem = answered.status >= 400 and "title" in answered.body
        kind = "application/problem+json" if is_problem else "application/json"
        assert answered.headers["Content-Type"] == kind, request
        assert all(value.isprintable() and value.isascii() for value in answered.headers.values()), request
    assert statuses.total() == COUNT
    assert {201, 400, 404, 405, 415, 422} <= set(statuses)
    # DynamoDB, S3 and Step Functions take UTF-8, which a lone surrogate is not.
    kept = [vars(record) for record in api.records.items.values()] + [
        vars(run) for run in api.executions.started.values()
    ]
    assert kept
    json.dumps(kept, default=str, ensure_ascii=False).encode()
    assert all("\0" not in key and key.encode() for _, key in api.buckets.objects)
