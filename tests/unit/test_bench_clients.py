"""What ``make clients`` makes of schemathesis: its report read, and the refusals that no schema can foresee."""

import json
from pathlib import Path

from bench.clients.jobs import do, refused
from bench.clients.refusals import is_foreseen
from bench.clients.schema_run import read
from bench.clients.world import ClientStage

CASE = {"label": "GET /v1/styles", "interactions": {"a": {}, "b": {}}}


def check(status: str, message: str = "") -> dict[str, object]:
    failure = {"operation": "GET /v1/styles", "title": "Server error", "message": message}
    return {"name": "not_a_server_error", "status": status, "failure_info": {"failure": failure}}


def test_a_report_counts_operations_and_requests_and_says_each_failure_once(tmp_path: Path) -> None:
    scenarios: list[dict[str, object]] = [
        {**CASE, "checks": {"a": [check("success")], "b": [check("failure", "503\n here")]}},
        {**CASE, "checks": {"a": [check("failure", "503 here")]}},
        {"label": "Stateful tests", "interactions": {"c": {}}, "checks": {}},
        {"label": "POST /v1/files"},
    ]
    events: list[dict[str, object]] = [{"ScenarioFinished": {"recorder": each}} for each in scenarios]
    events += [{"Initialize": {"seed": 13}}, {"NonFatalError": {"label": "GET /", "value": {"type": "ReadTimeout"}}}]
    report = tmp_path / "events.ndjson"
    report.write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
    found = read(report)
    assert (found.operations, found.requests) == (2, 5)
    assert found.failures == ["GET /v1/styles: Server error: 503 here", 'GET /: {"type": "ReadTimeout"}']


def test_a_refusal_is_beyond_the_schema_where_all_that_it_calls_wrong_is() -> None:
    def problem(*wrong: str) -> str:
        return json.dumps({"errors": [{"what": what, "got": "x", "allowed": "y"} for what in wrong]})

    assert is_foreseen("list_styles", problem("query.cursor")) is False
    assert is_foreseen("list_styles", problem("query.cursor", "query.limit")) is True
    assert is_foreseen("create_training", problem("input.search.ranges.of\ntwo lines.values")) is False
    assert is_foreseen("create_file", json.dumps({"what": "Idempotency-Key"})) is False
    assert is_foreseen("generate_images", json.dumps({"error": {"param": "model", "message": ""}})) is False
    assert is_foreseen("generate_images", json.dumps({"error": {"param": None, "message": "x: y"}})) is True
    not_found = json.dumps({"error": {"param": None, "message": "GarmentNotFoundError: garment"}})
    assert is_foreseen("edit_images", not_found) is False
    unreadable = json.dumps({"errors": ["image: got 'text'; allowed: a picture"]})
    assert is_foreseen("search_and_replace", unreadable) is False
    assert is_foreseen("get_style", unreadable) is True
    assert is_foreseen("get_style", problem("style")) is True


def test_a_job_that_fails_hides_no_other(capsys: object) -> None:
    def fails(_: ClientStage) -> None:
        with refused(KeyError, lambda error: "b" in str(error)):
            raise KeyError("a")

    world: ClientStage = None  # type: ignore[assignment]
    found = do({"first": fails, "second": lambda _: None}, world)
    assert (found.done, found.failures) == (1, ["first: AssertionError: KeyError('a')"])
