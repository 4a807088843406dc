"""The names of ministack that the local cloud reaches for: a new version that moves one must fail loudly."""

import importlib.metadata
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.seams.names import REQUIRED, VERSION, SeamMovedError, check


@pytest.fixture(autouse=True, scope="module")
def _own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """ministack makes keys in its state folder when it is imported: not in the machine's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("STATE_DIR", "S3_DATA_DIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp("state")))
        yield


def test_the_installed_version_has_every_name() -> None:
    assert importlib.metadata.version("ministack") == VERSION
    check()


@pytest.mark.parametrize(
    ("required", "problem"),
    [
        ({"ministack.app": {"gone": None}}, "ministack.app.gone: missing"),
        (
            {"ministack.core.lambda_runtime": {"Worker.gone": None}},
            "ministack.core.lambda_runtime.Worker.gone: missing",
        ),
        ({"ministack.gone": {}}, "ministack.gone: No module named"),
        (
            {"ministack.app": {"app": "scope"}},
            r"ministack.app.app: got parameters \(scope receive send\); allowed: \(scope\)",
        ),
    ],
)
def test_a_moved_name_is_reported(required: dict[str, dict[str, str | None]], problem: str) -> None:
    with pytest.raises(SeamMovedError, match=problem):
        check(required)


def test_a_new_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "2.0.0")

    with pytest.raises(SeamMovedError, match=r"version: got 2\.0\.0; allowed: 1\.5\.33"):
        check({})


def test_only_the_seams_reach_into_ministack(root: Path) -> None:
    reaching = {
        path.relative_to(root / "local").as_posix()
        for path in (root / "local").rglob("*.py")
        if re.search(r"^\s*(from|import) ministack", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert reaching
    assert {path for path in reaching if not path.startswith("seams/")} == set()


def test_every_name_the_seams_use_is_checked(root: Path) -> None:
    modules = {module.rsplit(".", 1)[1]: names for module, names in REQUIRED.items()}
    used: set[tuple[str, str]] = set()
    for path in (root / "local" / "seams").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        imported = {
            name.strip()
            for line in re.findall(r"^from ministack[\w.]* import (.+)$", text, re.MULTILINE)
            for name in line.split(",")
        }
        for module in imported & set(modules):
            used |= {(module, name) for name in re.findall(rf"\b{module}\.(\w+)", text)}

    assert used
    assert {(module, name) for module, name in used if name not in modules[module]} == set()


def test_a_form_is_read_as_json_would_be() -> None:
    """Step Functions sends PutMetricAlarm form-encoded; ministack drops an alarm's expression."""
    from local.seams.metrics import nested

    stat = "Metrics.member.1.MetricStat"
    form = {
        "AlarmName": ["idle"],
        "Metrics.member.1.Id": ["backlog"],
        f"{stat}.Period": ["300"],
        f"{stat}.Metric.Dimensions.member.1.Name": ["EndpointName"],
        f"{stat}.Metric.Dimensions.member.1.Value": ["live"],
        "Metrics.member.10.Expression": ["backlog > 0"],
        "Metrics.member.2.Id": ["other"],
    }
    metric = {"Dimensions": [{"Name": "EndpointName", "Value": "live"}]}
    assert nested(form, "Metrics") == [
        {"Id": "backlog", "MetricStat": {"Period": "300", "Metric": metric}},
        {"Id": "other"},
        {"Expression": "backlog > 0"},
    ]
    assert not nested(form, "OKActions")


def test_a_function_that_starts_too_slowly_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    from local.seams import workers

    worker = SimpleNamespace(config={"Timeout": 0}, _proc=subprocess.Popen(["sleep", "600"]))

    def spawn(worker: SimpleNamespace) -> None:
        assert worker._proc.wait(timeout=60) < 0  # by a signal
        raise RuntimeError("Worker process exited immediately")

    monkeypatch.setattr(workers, "INIT_SECONDS", 0.0)
    with pytest.raises(RuntimeError, match=r"Task timed out after 0\.00 seconds"):
        workers._spawn_in_time(worker, spawn)


def test_of_too_many_workers_the_longest_idle_ends_and_none_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.core import lambda_runtime

    from local.seams import workers

    busy = SimpleNamespace(in_use=True, last_used=0)
    idle = [SimpleNamespace(in_use=False, last_used=when) for when in (3, 1, 2)]
    pools = {"api": [busy, idle[0], idle[1]], "settle": [idle[2]]}
    monkeypatch.setattr(lambda_runtime, "_workers", pools)
    monkeypatch.setattr(workers, "MOST_KEPT", 2)

    assert workers._too_many() == [idle[1], idle[2]]
    assert pools == {"api": [busy, idle[0]], "settle": []}


def test_an_executions_end_is_its_last_event_until_it_is_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import stepfunctions

    from local.seams import history

    for name in ("_add_event", "_apply_state_assign"):
        monkeypatch.setattr(stepfunctions, name, getattr(stepfunctions, name))  # and taken back after the test
    history.install()
    execution: dict[str, Any] = {"events": []}
    for kind in ("MapStateEntered", "ExecutionAborted", "MapStateExited", "ExecutionRedriven", "MapStateExited"):
        stepfunctions._add_event(execution, kind)

    kinds = [event["type"] for event in execution["events"]]
    assert kinds == ["MapStateEntered", "ExecutionAborted", "ExecutionRedriven", "MapStateExited"]


def test_processes_of_every_function_that_a_request_passes_through_are_kept() -> None:
    from local.seams import workers

    functions = ("authorize", "api", "paint_item", "inference_result")
    assert len(functions) * workers.MOST_OF_ONE <= workers.MOST_KEPT


def test_who_finds_no_place_in_time_is_throttled_and_an_event_brings_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import lambda_svc

    from local.lambdas.places import Places
    from local.seams import workers

    done = {"body": "done"}
    monkeypatch.setattr(lambda_svc, "_execute_function_dispatch", lambda *_: done)
    monkeypatch.setattr(workers, "LONGEST_WAIT", 0.0)
    places = Places(1, 1)
    workers._bound_invocations(places)

    def invoke() -> Any:
        config = {"FunctionName": "settle", "FunctionArn": "arn:settle"}
        return lambda_svc._execute_function_dispatch({}, config, {}, "id", 0.0)

    assert invoke() is done
    assert invoke() is done  # the place was given back
    assert places.take("other")
    assert invoke()["body"]["__type"] == "TooManyRequestsException"
    token = workers.holds_place.set(True)
    assert invoke() is done
    workers.holds_place.reset(token)


def test_what_calls_leave_behind_does_not_grow_with_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call is measured, writes a stream of its own, and lets the model server write a line."""
    from ministack.core.responses import request_scope
    from ministack.services import cloudwatch, cloudwatch_logs

    from local import retention
    from local.durable import Durable
    from local.seams.kept_logs import LogKeeper
    from local.seams.metrics import _points

    monkeypatch.setattr(cloudwatch, "_metric_bucket", _points)
    monkeypatch.setattr(retention, "MOST_LINES", 100)
    monkeypatch.setattr(cloudwatch.time, "time", lambda: 1.8e9)  # one minute
    durable = Durable(tmp_path)
    keeper, stores = (
        LogKeeper(durable),
        (cloudwatch._metrics, cloudwatch_logs._log_groups, cloudwatch_logs._log_records),
    )
    left = []
    with request_scope("123456789012", "us-east-1"):
        group = {"logGroupName": "calls"}
        cloudwatch_logs._create_log_group(group)
        for number in range(1, 2 * (calls := retention.MOST_STREAMS + 100) + 1):
            for stream in (f"call-{number}", "server"):
                cloudwatch_logs._create_log_stream({**group, "logStreamName": stream})
                lines = [{"timestamp": 1_800_000_000_000 + number, "message": "a line"}]
                cloudwatch_logs._put_log_events({**group, "logStreamName": stream, "logEvents": lines})
            for name, value in (("Invocations", 1), ("Errors", 0), ("Duration", number / 7)):
                cloudwatch.record_metric("AWS/Lambda", name, value, "Count", {"FunctionName": "api"})
            if number % calls == 0:
                keeper.save()
                rows = len(durable.table("log streams").items())
                left.append((rows, sum(_entries(store._data) for store in stores)))
    assert left[0] == left[1]
    assert left[0][0] == retention.MOST_STREAMS


def test_an_execution_that_cannot_go_on_after_a_restart_fails_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as one whose state machine was deleted at that moment: nobody would wait for it for ever."""
    from ministack.core.responses import request_scope
    from ministack.services import stepfunctions

    from local.seams import redrive

    monkeypatch.setattr(stepfunctions, "_run_execution", redrive._running(stepfunctions._run_execution))
    arn = "arn:aws:states:us-east-1:123456789012:execution:gone:run-1"
    with request_scope("123456789012", "us-east-1"):
        stepfunctions._executions[arn] = record = {
            "executionArn": arn, "stateMachineArn": arn.replace("execution", "stateMachine").rpartition(":")[0],
            "name": "run-1", "status": "RUNNING", "startDate": "2026-01-01T00:00:00Z", "input": "{}", "events": [],
        }  # fmt: skip
        redrive.go_on(arn)
        del stepfunctions._executions[arn]

    assert (record["status"], record["error"]) == ("FAILED", "States.Runtime")
    assert "restarted, and this execution cannot go on: KeyError" in str(record["cause"])
    assert record["stopDate"]


def _entries(value: Any) -> int:
    """How many values are in a value, and in these."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(_entries(part) for part in parts)
