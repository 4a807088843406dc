"""The handlers as Lambda runs them: settings from the environment, an event in, an answer out, against moto."""

import base64
import io
import json
import re
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from botocore.stub import Stubber

from atelier_ops.gateways import aws
from atelier_ops.gateways.records import Record, Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic import approval
from atelier_ops.logic.deleted_styles import Doomed
from atelier_ops.logic.webhooks import KEEP, UNDELIVERED, training_key
from contracts.artifact import BaseManifest
from contracts.errors import InvalidInputError
from contracts.layout import MANIFEST
from tests.contract.ops_cloud import HANDLERS, cloud, handler_module
from tests.unit.ops_fakes import PNG
from tests.unit.ops_logs import lines
from tests.unit.ops_pretraining import JOBS as PRETRAINING_JOBS
from tests.unit.ops_pretraining import make_pretraining_stage, pretraining_plan_of, put_base_artifact
from tests.unit.ops_stage import JOBS, make_request, make_stage, plan_of, put_artifact

PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test-skirt/1"


@pytest.fixture(scope="module", autouse=True)
def _clients() -> Iterator[None]:
    """Clients of this file only."""
    aws.client.cache_clear()
    yield
    aws.client.cache_clear()


@pytest.fixture(autouse=True)
def _cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with cloud(monkeypatch):
        yield


@pytest.fixture
def plan() -> dict[str, Any]:
    """A prepared run whose stage lies in moto's buckets."""
    buckets, dependencies = make_stage()
    put_artifact(buckets)
    for (bucket, key), body in buckets.objects.items():
        aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    return plan_of(dependencies)


class Context:
    """What Lambda says about an invocation."""

    function_name = "atelier-test"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:atelier-test"
    aws_request_id = "invocation-1"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


def call(name: str, event: dict[str, Any]) -> Any:
    """Run a handler; what it returns must be JSON, as Lambda makes it."""
    return json.loads(json.dumps(handler_module(name).handler(event, Context())))


def body(bucket: str, key: str) -> bytes:
    read: bytes = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return read


def test_the_settings_are_those_of_the_architectures_table(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.split("## Lambda settings")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE)
    documented = {name: set(re.findall(r"\b[A-Z][A-Z_]+[A-Z]\b", cells.split(" (")[0])) for name, cells in rows}
    documented["prepare"] = set(re.findall(r"\b[A-Z][A-Z_]+[A-Z]\b", dict(rows)["prepare"]))
    ours = {name: {name.upper() for name in settings_of(name)} for name in HANDLERS}
    assert ours == documented


def settings_of(handler: str) -> set[str]:
    """The fields of a handler's settings; most have some."""
    settings = getattr(handler_module(handler), "Settings", None)
    return set(settings.model_fields) if settings else set()


@pytest.mark.parametrize("name", [name for name in HANDLERS if settings_of(name)])
def test_a_handler_without_its_environment_names_the_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for field in settings_of(name):
        monkeypatch.delenv(field.upper())
    with pytest.raises(ValueError, match=r"environment variable [A-Z_]+: got nothing"):
        call(name, {})


def test_prepare_gives_the_same_plan_as_its_logic(plan: dict[str, Any]) -> None:
    assert call("prepare", {"input": make_request(), "execution": "run-1", "jobs": JOBS}) == json.loads(
        json.dumps(plan)
    )


def test_the_plans_keys_are_those_of_the_architecture(plan: dict[str, Any], root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = text.split("`plan` keys: ")[1].split("\n\n")[0]
    listed = re.sub(r"\([^()]*\)|\[\]|[`\s]", "", listed)
    names = re.findall(r"([a-z_]+)(?:\{([a-z0-9,]*)\})?[,.]", listed)
    documented = {name: set(inner.split(",")) - {""} for name, inner in names}
    assert set(plan) == set(documented)
    inner = {name: set(plan[name]) for name, keys in documented.items() if keys}
    assert inner == {name: keys for name, keys in documented.items() if keys}


def test_gate_reads_what_evaluate_wrote(plan: dict[str, Any]) -> None:
    metrics = json.dumps({"garment_share": 0.7}).encode()
    aws.client("s3").put_object(Bucket="data", Key="runs/run-1/evaluate/metrics.json", Body=metrics)
    verdict = call("gate", {"plan": {**plan, "gate": {"garment_share": 0.5}}, "artifact": "s3://data/x/"})
    assert (
        json.loads(verdict.pop("card"))["evaluation_details"][0]["metric_groups"][0]["metric_data"][0]["value"] == 0.7
    )
    passed = {"passed": True, "failures": [], "metrics": {"garment_share": 0.7}}
    assert verdict == {**passed, "comparison": "not compared: no version of skirt is in service"}
    better = {**plan, "gate": {"garment_share": 0.8}, "comparison": "at least 95% of skirt@2"}
    failures = call("gate", {"plan": better, "artifact": "s3://data/x/"})["failures"]
    assert failures[0].startswith("garment_share: got 0.7; allowed: at least 0.8")
    assert failures[1] == "at least 95% of skirt@2"


def test_publish_leaves_a_complete_version(plan: dict[str, Any]) -> None:
    event = {"plan": plan, "artifact": "s3://data/runs/run-1/train/job/output/model", "package": PACKAGE}
    result = call("publish", {**event, "version": 1, "metrics": {"garment_share": 0.7}})
    assert result == {"version": 1, "uri": "s3://model/styles/skirt/1/", "adapter": "skirt@1", "endpoint": ""}
    assert json.loads(body("model", "styles/skirt/1/manifest.json"))["metrics"] == {"garment_share": 0.7}


def test_of_two_versions_the_newer_stays_promoted_until_a_person_goes_back(plan: dict[str, Any]) -> None:
    for version in ("2", "1"):  # Step Functions gives the version as text
        event = {"plan": plan, "artifact": "s3://data/runs/run-1/train/job/output/model", "package": PACKAGE}
        call("publish", {**event, "version": version, "metrics": {}})
    promoted = call("promote", {"plan": plan, "version": "2"})
    assert promoted == {"promotion": "promoted: skirt means version 2", "left": []}
    assert "not promoted: 2 is newer" in call("promote", {"plan": plan, "version": "1"})["promotion"]
    assert json.loads(body("model", "styles/skirt/latest.json")) == {"version": 2, "previous": None}
    answered = call("api", request("POST", "/v1/styles/skirt/versions/1/promote"))
    assert json.loads(answered["body"]) == {"style": "skirt", "version": "skirt@1", "previous": "skirt@2"}
    assert json.loads(body("model", "styles/skirt/latest.json")) == {"version": 1, "previous": 2}


def test_a_run_of_a_style_whose_packages_are_gone_is_refused_by_its_first_step(plan: dict[str, Any]) -> None:
    event = {"plan": plan, "artifact": "s3://data/runs/run-1/train/job/output/model", "package": PACKAGE}
    call("publish", {**event, "version": 1, "metrics": {}})
    with Stubber(aws.client("sagemaker")) as stub:
        gone = f"ModelPackage {PACKAGE} does not exist."
        stub.add_client_error("describe_model_package", "ValidationException", gone)
        with pytest.raises(InvalidInputError, match="version 1 is published but has lost its model package"):
            call("prepare", {"input": make_request(), "execution": "run-2", "jobs": JOBS})


def test_a_failed_run_leaves_what_prepare_needs_to_take_it_up(plan: dict[str, Any]) -> None:
    failure = {"execution": "run-1", "step": "Gate", "error": "GateNotMet", "cause": "too little", "plan": plan}
    call("record_failure", {**failure, "started": "2026-11-22T14:00:00Z", "at": "Gate", "known": {"trained": 387}})
    expected = {**json.loads(json.dumps(plan)), "at": "Gate", "known": {"trained": 387}}
    with ended("FAILED"):
        assert call("prepare", taking_up("run-2")) == expected
    assert json.loads(body("data", "runs/run-1/taken_up.json")) == {"execution": "run-2"}
    with ended("FAILED", holder="RUNNING"), pytest.raises(InvalidInputError, match="whose rest run-2 does"):
        call("prepare", taking_up("run-3"))


def test_how_far_a_stopped_run_came_is_read_from_its_history(plan: dict[str, Any]) -> None:
    def left(state: str, **variables: Any) -> dict[str, Any]:
        assigned = {name: json.dumps(value) for name, value in variables.items()}
        return {"stateExitedEventDetails": {"name": state, "assignedVariables": assigned}}

    details: list[dict[str, Any]] = [
        left("Prepare", plan=plan, notes=[]),
        *({"stateEnteredEventDetails": {"name": name}} for name in ("Segment", "FineTune")),
        left("Segment", notes=["1 file is not used"]),
        {"stateEnteredEventDetails": {"name": "Evaluate"}},
    ]
    events = [{"id": n, "type": "TaskStateEntered", "timestamp": 0, **each} for n, each in enumerate(details)]
    with ended("ABORTED", events=events):
        prepared = call("prepare", taking_up("run-2"))
    assert (prepared["at"], prepared["known"]) == ("Evaluate", {"notes": ["1 file is not used"]})
    assert prepared["jobs"]["evaluate"]["name"] == "atelier-test-run-2-evaluate"


POINTS = ["Segment", "FineTune", "Evaluate", "Gate"]


def taking_up(execution: str) -> dict[str, Any]:
    """Prepare's event of an execution that takes up run-1."""
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    return {"input": {"resume": "run-1"}, "execution": execution, "machine": machine, "jobs": JOBS, "points": POINTS}


@contextmanager
def ended(status: str, *, holder: str = "", events: Any = None) -> Iterator[None]:
    """Step Functions says how run-1 ended, what it went through, and how the execution is that has taken it up; no job is known."""
    arn = "arn:aws:states:us-east-1:123456789012:execution:m:"
    machine = {"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "startDate": 0}
    with Stubber(aws.client("stepfunctions")) as stub, Stubber(aws.client("sagemaker")) as jobs:
        for name, each in (("run-1", status), ("run-2", holder)):
            answer = {**machine, "executionArn": arn + name, "name": name, "status": each}
            if each:
                stub.add_response("describe_execution", answer, {"executionArn": arn + name})
        if events:
            stub.add_response(
                "get_execution_history", {"events": events}, {"executionArn": arn + "run-1", "maxResults": 1000}
            )
            jobs.add_client_error("describe_processing_job", "ValidationException", "Could not find requested job")
        yield


def test_an_approval_asked_for_is_answered_by_the_event(plan: dict[str, Any]) -> None:
    pending = {"ModelPackageArn": PACKAGE, "CreationTime": 0, "ModelPackageStatus": "Completed"}
    details = {"ModelPackageStatusDetails": {"ValidationStatuses": []}, "ModelPackageName": "1"}
    answer = {**pending, **details, "ModelApprovalStatus": "PendingManualApproval"}
    with Stubber(aws.client("sagemaker")) as stub:
        stub.add_response("describe_model_package", answer, {"ModelPackageName": PACKAGE})
        call("request_approval", {"plan": plan, "package": PACKAGE, "token": "token"})
    # The event says Approved; SageMaker says what holds: still pending, and then rejected.
    detail = {"ModelPackageArn": PACKAGE, "ModelApprovalStatus": "Approved"}
    event = {"source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change", "detail": detail}
    expected = {"taskToken": "token", "error": "ModelPackageRejected", "cause": f"{PACKAGE}: rejected: too blue"}
    rejected = {**answer, "ModelApprovalStatus": "Rejected", "ApprovalDescription": "too blue"}
    with Stubber(aws.client("sagemaker")) as packages, Stubber(aws.client("stepfunctions")) as stub:
        for known in (answer, answer, rejected, rejected, rejected, rejected):
            packages.add_response("describe_model_package", known, {"ModelPackageName": PACKAGE})
        call("settle", event)
        stub.add_response("send_task_failure", {}, expected)
        call("settle", event)
        call("settle", event)
        stub.assert_no_pending_responses()


def test_an_approval_whose_event_was_lost_is_found_by_the_sweep() -> None:
    waits = approval.waiting(PACKAGE, "token", "run-1", int(time.time()) - 3600)
    Records("table").put(waits)
    known = {"ModelPackageArn": PACKAGE, "CreationTime": 0, "ModelPackageStatus": "Completed", "ModelPackageName": "1"}
    answer = {**known, "ModelPackageStatusDetails": {"ValidationStatuses": []}, "ModelApprovalStatus": "Approved"}
    with Stubber(aws.client("sagemaker")) as packages, Stubber(aws.client("stepfunctions")) as runs:
        for _ in range(2):
            packages.add_response("describe_model_package", answer, {"ModelPackageName": PACKAGE})
        output = json.dumps({"package": PACKAGE, "status": "Approved"})
        runs.add_response("send_task_success", {}, {"taskToken": "token", "output": output})
        call("settle", {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}})
    assert Records("table").get(waits.key) is None


def test_a_package_approved_before_the_token_was_stored_goes_on_at_once(plan: dict[str, Any]) -> None:
    known = {"ModelPackageArn": PACKAGE, "CreationTime": 0, "ModelPackageStatus": "Completed", "ModelPackageName": "1"}
    answer = {**known, "ModelPackageStatusDetails": {"ValidationStatuses": []}, "ModelApprovalStatus": "Approved"}
    output = json.dumps({"package": PACKAGE, "status": "Approved"})
    with Stubber(aws.client("sagemaker")) as sagemaker, Stubber(aws.client("stepfunctions")) as states:
        sagemaker.add_response("describe_model_package", answer)
        states.add_response("send_task_success", {}, {"taskToken": "token", "output": output})
        call("request_approval", {"plan": plan, "package": PACKAGE, "token": "token"})
        states.assert_no_pending_responses()


def test_an_endpoint_in_service_before_the_token_was_stored_goes_on_at_once(plan: dict[str, Any]) -> None:
    """moto's endpoints are born InService: the state is read again after the token is stored."""
    name, output = "atelier-test-style-skirt-v1", json.dumps({"variant": "AllTraffic"})
    with Stubber(aws.client("stepfunctions")) as states:
        states.add_response("send_task_success", {}, {"taskToken": "token", "output": output})
        event = {"plan": plan, "endpoint": name, "uri": "s3://model/styles/skirt/1/", "token": "token"}
        call("deploy_endpoint", event)
        states.assert_no_pending_responses()
    sagemaker = aws.client("sagemaker")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert config["ProductionVariants"][0]["InstanceType"] == "ml.m5.xlarge"
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    aws.client("application-autoscaling").register_scalable_target(**target, MinCapacity=0, MaxCapacity=1)
    call("remove_endpoints", {"endpoints": [name, "atelier-test-style-skirt-v9"]})
    left = [sagemaker.list_endpoints()["Endpoints"], sagemaker.list_endpoint_configs()["EndpointConfigs"]]
    assert [*left, sagemaker.list_models()["Models"]] == [[], [], []]


def test_webhooks_are_sent_for_what_was_announced_for_an_execution_that_ended_and_each_minute_for_what_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[list[str]] = []

    def deliver(keys: Iterable[str], *_: object) -> int:
        asked.append(list(keys))
        return 0

    monkeypatch.setattr(handler_module("deliver_webhooks"), "deliver", deliver)
    due = Record(key="webhook#due", status=UNDELIVERED, expires_at=int(time.time()) + KEEP - 1)
    later = Record(key="webhook#later", status=UNDELIVERED, expires_at=int(time.time()) + KEEP + 3_600)
    for record in (due, later):
        Records("table").put(record)
    call("deliver_webhooks", {"Records": [{"Sns": {"Message": key}} for key in ("webhook#a", "webhook#b")]})
    arn = "arn:aws:states:us-east-1:123456789012:execution:m:run-1"
    call("deliver_webhooks", {"detail": {"executionArn": arn, "status": "SUCCEEDED"}})
    call("deliver_webhooks", {"detail": {}})
    assert asked == [["webhook#a", "webhook#b"], [training_key("run-1")], ["webhook#due"]]


def test_an_event_about_anything_else_is_ignored_and_logged_with_the_invocation() -> None:
    with lines() as logged:
        call("settle", {"detail-type": "SageMaker Training Job State Change", "detail": {}})
    (line,) = logged
    assert (line["message"], line["detail_type"]) == ("ignored", "SageMaker Training Job State Change")
    assert line["function_request_id"] == "invocation-1"


def test_a_smoke_test_is_answered_by_its_result(plan: dict[str, Any]) -> None:
    with Stubber(aws.client("sagemaker-runtime")) as runtime:
        runtime.add_response(
            "invoke_endpoint_async", {"InferenceId": "any", "OutputLocation": "s3://media/responses/1.out"}
        )
        sent = list[dict[str, Any]]()
        runtime.client.meta.events.register(
            "provide-client-params.sagemaker-runtime.InvokeEndpointAsync", lambda params, **_: sent.append(params)
        )
        call("smoke_test", {"plan": plan, "version": 1, "endpoint": "", "token": "token"})
    (request,) = sent
    inference = request["InferenceId"]
    assert json.loads(request["Body"])["adapter"] == "skirt@1"
    assert len(request["Body"]) <= 128_000  # the most that goes with a call
    picture = base64.b64encode(PNG).decode()
    answer = {"images": [picture], "output_format": "png", "seed": 0, "model": "tiny@v1", "adapter": "skirt@1"}
    with Stubber(aws.client("stepfunctions")) as states:
        states.add_response("send_task_success", {})
        call("inference_result", notification(inference, answer))
        call("inference_result", notification(inference, answer))
        states.assert_no_pending_responses()


def notification(inference: str, answer: dict[str, Any]) -> dict[str, Any]:
    """What SNS brings after the endpoint wrote ``answer``."""
    aws.client("s3").put_object(Bucket="media", Key="responses/1.out", Body=json.dumps(answer).encode())
    message = {
        "awsRegion": "us-east-1",
        "eventTime": "2026-11-22T13:00:01.000Z",
        "receivedTime": "2026-11-22T13:00:00.000Z",
        "invocationStatus": "Completed",
        "requestParameters": {"contentType": "application/json", "endpointName": "shared", "inputLocation": "s3://m/r"},
        "responseParameters": {"contentType": "application/json", "outputLocation": "s3://media/responses/1.out"},
        "inferenceId": inference,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    return {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(message)}}]}


def request(method: str, path: str, given: Any = None) -> dict[str, Any]:
    """API Gateway's proxy event."""
    return {
        "httpMethod": method,
        "path": path,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(given),
        "isBase64Encoded": False,
        "requestContext": {
            "domainName": "api.test",
            "path": f"/live{path}",
            "requestId": "1",
            "identity": {"apiKeyId": "key-1"},
        },
    }


def test_a_prediction_goes_from_post_to_pictures(plan: dict[str, Any]) -> None:
    given = {"input": {"mode": "text_to_image", "prompt": "a skirt"}}
    with Stubber(aws.client("sagemaker-runtime")) as runtime:
        runtime.add_response(
            "invoke_endpoint_async", {"InferenceId": "any", "OutputLocation": "s3://media/responses/1.out"}
        )
        made = json.loads(call("api", request("POST", "/v1/predictions", given))["body"])
    answer = {"images": [base64.b64encode(PNG).decode()], "output_format": "png", "seed": 0, "model": "tiny@v1"}
    events = notification(made["id"], answer)
    events["Records"].insert(0, {"Sns": {"Message": "[]"}})
    with pytest.raises(InvalidInputError, match="notification"):  # one that is none does not keep the other
        call("inference_result", events)
    got = call("api", request("GET", f"/v1/predictions/{made['id']}"))
    shown = json.loads(got["body"])
    assert (got["statusCode"], shown["status"]) == (200, "succeeded")
    (url,) = shown["output"]
    assert f"/outputs/{made['id']}/0.png?" in url
    assert body("media", f"outputs/{made['id']}/0.png") == PNG


def test_an_answer_that_nobody_was_told_of_is_found_by_the_sweep(plan: dict[str, Any]) -> None:
    places = {"OutputLocation": "s3://media/responses/1.out", "FailureLocation": "s3://media/failures/1.out"}
    with Stubber(aws.client("sagemaker-runtime")) as runtime:
        runtime.add_response("invoke_endpoint_async", {"InferenceId": "any", **places})
        given = {"input": {"mode": "text_to_image", "prompt": "a skirt"}}
        made = json.loads(call("api", request("POST", "/v1/predictions", given))["body"])
    records = Records("table")
    record = records.get(f"prediction#{made['id']}")
    assert record is not None
    earlier = {**record.data, "created_at": "2026-01-01T00:00:00.000Z"}
    records.put(replace(record, expires_at=record.expires_at - 120, data=earlier))
    answer = {"images": [base64.b64encode(PNG).decode()], "output_format": "png", "seed": 0, "model": "tiny@v1"}
    notification(made["id"], answer)
    call("reconcile", {})
    settled = records.get(record.key)
    assert settled is not None
    assert settled.status == "succeeded"
    assert body("media", f"outputs/{made['id']}/0.png") == PNG


def test_old_streams_of_our_jobs_are_deleted_and_an_endpoint_s_group_gets_a_retention() -> None:
    logs = aws.client("logs")
    jobs, endpoint = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/Endpoints/shared"
    for group in (jobs, endpoint):
        logs.create_log_group(logGroupName=group)
    now = int(time.time() * 1000)
    for name, age in (("atelier-test-old/algo-1", 8), ("atelier-test-new/algo-1", 1), ("other/algo-1", 8)):
        logs.create_log_stream(logGroupName=jobs, logStreamName=name)
        line = {"timestamp": now - age * 86_400_000, "message": "a line"}
        logs.put_log_events(logGroupName=jobs, logStreamName=name, logEvents=[line])
    call("expire_logs", {})
    left = [each["logStreamName"] for each in logs.describe_log_streams(logGroupName=jobs)["logStreams"]]
    assert sorted(left) == ["atelier-test-new/algo-1", "other/algo-1"]
    (group,) = logs.describe_log_groups(logGroupNamePrefix=endpoint)["logGroups"]
    assert group["retentionInDays"] == 7


def test_what_is_left_of_a_deleted_version_is_removed_by_the_schedule() -> None:
    aws.client("s3").put_object(Bucket="model", Key="styles/skirt/1/weights.safetensors", Body=b"w")
    doomed = Doomed(style="skirt", numbers=[1], packages=[], full=[], executions=[], whole=False, client="first")
    records = Records("table")
    records.add(doomed.record("deletion#skirt@1"))
    call("delete_styles", {})
    assert ObjectStore("model").listing("styles/skirt/1/") == []
    assert records.get("deletion#skirt@1") is None


@pytest.mark.usefixtures("plan")
def test_a_training_goes_from_post_to_an_execution() -> None:
    given = {"destination": "brand/skirt", "input": {"dataset": "datasets/skirt/", "target": "a skirt"}}
    events = {"events": []}  # type: dict[str, list[Any]]
    with Stubber(aws.client("stepfunctions")) as states:
        start = {"executionArn": "arn:aws:states:us-east-1:123456789012:execution:m:x", "startDate": 0}
        states.add_response("start_execution", start)
        described = {**start, "stateMachineArn": "arn:aws:states:::m", "status": "RUNNING", "input": "{}"}
        states.add_response("describe_execution", described)
        states.add_response("get_execution_history", events)
        made = call("api", request("POST", "/v1/trainings", given))
    assert made["statusCode"] == 201
    assert json.loads(made["body"])["status"] == "starting"


def test_a_failure_is_recorded_without_a_plan() -> None:
    event = {"execution": "run-1", "step": "Prepare", "error": "InvalidInputError", "cause": "no", "started": "then"}
    assert call("record_failure", event) == {
        "error": "InvalidInputError",
        "cause": "Prepare: InvalidInputError: no (cost about $0.00 at prices of us-east-1)",
    }
    assert json.loads(body("data", "runs/run-1/failure.json"))["reason"] == "no"


def test_a_stopped_run_is_recorded_from_its_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its job, which the execution has left, is stopped."""
    monkeypatch.setattr(handler_module("report_stop"), "PAUSE_SECONDS", 0)
    arn = "arn:aws:states:us-east-1:123456789012:execution:m:run-1"
    sagemaker = aws.client("sagemaker")
    job = {"state": "FineTune", "kind": "training", "instance": "ml.g5.xlarge", "instances": 1, "name": "job-1"}
    plan = {"kind": "fine-tuning", "style": "skirt", "jobs": {"train": job}}
    exited = {"name": "Prepare", "output": "{}", "assignedVariables": {"plan": json.dumps(plan)}}
    entered = {"stateEnteredEventDetails": {"name": "FineTune", "input": "{}"}}
    events = [
        {"id": 1, "timestamp": 0, "type": "TaskStateExited", "stateExitedEventDetails": exited},
        {"id": 2, "timestamp": 1, "type": "TaskStateEntered", **entered},
    ]
    cluster = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 1}
    job_arn = "arn:aws:sagemaker:us-east-1:123456789012:training-job/job-1"
    about = {"TrainingJobName": "job-1", "TrainingJobArn": job_arn, "SecondaryStatus": "Training", "CreationTime": 0}
    about |= {"ModelArtifacts": {"S3ModelArtifacts": "s3://data/x"}, "StoppingCondition": {}, "ResourceConfig": cluster}
    running = {**about, "TrainingJobStatus": "InProgress"}
    ended = {**about, "TrainingJobStatus": "Stopped", "BillableTimeInSeconds": 3600}
    with Stubber(aws.client("stepfunctions")) as states, Stubber(sagemaker) as jobs:
        times = {"startDate": datetime(2026, 1, 1, tzinfo=UTC), "stopDate": datetime(2026, 1, 1, 1, tzinfo=UTC)}
        machine = {"executionArn": arn, "stateMachineArn": "arn:aws:states:::m", "input": "{}"}
        states.add_response("describe_execution", {**machine, **times, "status": "ABORTED"}, {"executionArn": arn})
        states.add_response("get_execution_history", {"events": events})
        states.add_response("get_execution_history", {"events": events[::-1]})
        jobs.add_response("describe_training_job", running)
        jobs.add_client_error("stop_training_job", "ValidationException", "the job is in status Stopping.")
        jobs.add_response("describe_training_job", ended)
        jobs.add_response("describe_training_job", ended)
        assert call("report_stop", {"detail": {"executionArn": arn, "status": "ABORTED"}}) is None
    record = json.loads(body("data", "runs/run-1/failure.json"))
    assert (record["step"], record["error"], record["cost"]) == ("FineTune", "Stopped", 1.408)


class _Answered(BaseHTTPRequestHandler):
    """CloudFormation's presigned address: keeps what is put."""

    got: ClassVar[list[tuple[str | None, bytes]]] = []

    def do_PUT(self) -> None:
        self.got.append((self.headers["Content-Type"], self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


ENTRY = {
    "name": "tiny",
    "revision": "v2",
    "family": "sd1",
    "task": "inpaint",
    "licence": "Apache-2.0",
    "resolution": 64,
    "source": {"kind": "asset"},
}


def test_a_base_model_is_unpacked_and_cloudformation_hears_of_it() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("unet/config.json", "{}")
    aws.client("s3").create_bucket(Bucket="assets")
    aws.client("s3").put_object(Bucket="assets", Key="tiny.zip", Body=archive.getvalue())
    with HTTPServer(("127.0.0.1", 0), _Answered) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        event = {
            "RequestType": "Create",
            "ResponseURL": f"http://127.0.0.1:{server.server_port}/answer",
            "StackId": "stack",
            "RequestId": "request",
            "LogicalResourceId": "Tiny",
            "ResourceProperties": {"Entry": json.dumps(ENTRY), "AssetBucket": "assets", "AssetKey": "tiny.zip"},
        }
        call("base_model", event)
        thread.join()
    ((content_type, answer),) = _Answered.got
    assert content_type == ""
    assert json.loads(answer)["Status"] == "SUCCESS"
    assert json.loads(answer)["Data"] == {"Prefix": "base/tiny@v2/", "Reference": "tiny@v2"}
    manifest = BaseManifest.from_json(json.loads(body("model", f"base/tiny@v2/{MANIFEST}")))
    assert set(manifest.files) == {"unet/config.json"}


def test_a_pretraining_run_is_prepared_gated_and_published() -> None:
    buckets, dependencies = make_pretraining_stage()
    artifact = put_base_artifact(buckets)
    buckets.put("data", "runs/pretrain-first/evaluate/metrics.json", b'{"denoising_loss": 0.2, "held_out": 3}')
    for (bucket, key), content in buckets.objects.items():
        aws.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
    plan = pretraining_plan_of(dependencies)
    event = {"input": {"name": "drawn", "dataset": "figures"}, "execution": "first", "jobs": PRETRAINING_JOBS}
    prepared = call("prepare_pretraining", event)
    assert prepared["base"] == plan["base"]
    assert prepared["jobs"] == plan["jobs"]
    judged = call("gate", {"plan": {**plan, "gate": {"denoising_loss": 0.1}}, "artifact": artifact})
    assert (judged["passed"], judged["metrics"]) == (False, {"denoising_loss": 0.2, "held_out": 3.0})
    registered = {"plan": plan, "artifact": artifact, "package": PACKAGE, "version": 4, "metrics": judged["metrics"]}
    assert call("publish_base", registered) == {"reference": "drawn@4", "uri": "s3://model/base/drawn@4/"}
    manifest = BaseManifest.from_json(json.loads(body("model", f"base/drawn@4/{MANIFEST}")))
    assert manifest.origin is not None
    assert manifest.origin.metrics == {"denoising_loss": 0.2, "held_out": 3.0}
