"""The gateways against moto: what they ask AWS for, and what its answers mean."""

import io
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber
from moto import mock_aws

from atelier_ops.errors import (
    EndpointBusyError,
    EndpointDeniedError,
    EndpointUnavailableError,
    ExecutionNameTakenError,
    MissingObjectError,
    QuotaExceeded,
    SubmissionUnclearError,
)
from atelier_ops.gateways import aws
from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.logs import LogLine, Logs
from atelier_ops.gateways.real_time import EndpointRefusedError, RealTimeEndpoints
from atelier_ops.gateways.records import Record, Records
from atelier_ops.gateways.registry import Jobs, Packages
from atelier_ops.gateways.storage import ObjectStore, Upload, read_json, write_json
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Executions, Tokens
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri
from tests.contract.ops_cloud import make_table

WRITTEN = datetime(2026, 11, 22, tzinfo=UTC)
UPLOAD = Upload(content_type="text/plain", size=7, once=False)


@pytest.fixture(scope="module", autouse=True)
def _clients() -> Iterator[None]:
    """Clients of this file only: making one takes longer than most tests."""
    aws.client.cache_clear()
    yield
    aws.client.cache_clear()


@pytest.fixture(autouse=True)
def _cloud() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def store() -> ObjectStore:
    for bucket in ("one", "two"):
        aws.client("s3").create_bucket(Bucket=bucket)
    return ObjectStore("one")


def test_an_object_is_written_listed_and_read(store: ObjectStore) -> None:
    store.write("a/1.txt", b"hello", "text/plain")
    store.write("b/2.txt", b"", "text/plain")
    (entry,) = store.listing("a/")
    assert (entry.key, entry.size) == ("a/1.txt", 5)
    assert entry.etag.isalnum()
    assert abs(entry.written - time.time()) < 60
    assert store.read("a/1.txt") == b"hello"
    assert aws.client("s3").head_object(Bucket="one", Key="a/1.txt")["ContentType"] == "text/plain"


def test_a_listing_has_more_than_one_page() -> None:
    first = {
        "Contents": [{"Key": "a", "Size": 1, "ETag": '"x"', "LastModified": WRITTEN}],
        "IsTruncated": True,
        "NextContinuationToken": "more",
    }
    second = {"Contents": [{"Key": "b", "Size": 1, "ETag": '"y"', "LastModified": WRITTEN}], "IsTruncated": False}
    asked = {"Bucket": "one", "Prefix": "p/"}
    with Stubber(aws.client("s3")) as stub:
        stub.add_response("list_objects_v2", first, asked)
        stub.add_response("list_objects_v2", second, {**asked, "ContinuationToken": "more"})
        assert [(entry.key, entry.etag) for entry in ObjectStore("one").listing("p/")] == [("a", "x"), ("b", "y")]


def test_a_missing_object_has_its_own_error(store: ObjectStore) -> None:
    with pytest.raises(MissingObjectError, match="s3://one/nothing"):
        store.read("nothing")
    assert store.uploaded("nothing") is None
    store.delete("nothing")


def test_folders_are_the_names_below_a_prefix(store: ObjectStore) -> None:
    for key in ("styles/b/1/m", "styles/a/latest.json", "styles/b/2/m", "styles/loose", "other/c/m"):
        store.write(key, b"", "text/plain")
    assert store.folders("styles/") == ["a", "b"]
    assert store.folders("nothing/") == []
    assert (store.has("styles/a/"), store.has("nothing/")) == (True, False)


def test_a_write_that_depends_on_what_was_read_is_refused_once_that_has_changed(store: ObjectStore) -> None:
    assert store.read_tagged("a") is None
    assert store.write_if("a", b"1", "text/plain", etag=None)
    assert not store.write_if("a", b"2", "text/plain", etag=None)
    read = store.read_tagged("a")
    assert read is not None
    assert read[0] == b"1"
    assert store.write_if("a", b"3", "text/plain", etag=read[1])
    assert not store.write_if("a", b"4", "text/plain", etag=read[1])
    assert store.read("a") == b"3"
    store.delete("a")
    assert not store.write_if("a", b"5", "text/plain", etag=read[1])


def test_only_the_start_of_objects_is_fetched_in_order(store: ObjectStore) -> None:
    keys = [f"{number}" for number in range(20)]
    for key in keys:
        store.write(key, key.encode() * 100, "text/plain")
    assert store.read_starts(keys, 4) == [(key * 100)[:4].encode() for key in keys]


@pytest.mark.parametrize("name", ["치마.png", "IMG (1)+a.txt", "100% cotton&b=1.txt", "it's #3?.txt", "e\u0301 👗.txt"])
def test_an_object_of_any_name_is_listed_read_whole_and_put_by_an_address(store: ObjectStore, name: str) -> None:
    store.write(f"datasets/x/{name}", b"short", "text/plain")
    assert [entry.key for entry in store.listing("datasets/x/")] == [f"datasets/x/{name}"]
    assert store.read_starts([f"datasets/x/{name}"], 4 * 2**20) == [b"short"]
    address = urlsplit(store.put_url(f"datasets/x/{name}", UPLOAD, 60))
    assert unquote(address.path).endswith(f"/datasets/x/{name}")


def test_several_are_copied_at_once_and_one_that_is_gone_is_left_out(store: ObjectStore) -> None:
    for index in range(20):
        store.write(f"from/{index}", b"%d" % index, "text/plain")
    assert store.copy_each({f"from/{index}": f"to/{index}" for index in range(21)}) == 20
    assert {each.key: store.read(each.key) for each in store.listing("to/")} == {
        f"to/{index}": b"%d" % index for index in range(20)
    }


def test_a_copy_goes_from_bucket_to_bucket(store: ObjectStore) -> None:
    store.write("a", b"body", "text/plain")
    ObjectStore("two").copy(S3Uri(bucket="one", key="a"), "b")
    assert ObjectStore("two").read("b") == b"body"


@pytest.mark.parametrize("size", [3, 40 * 2**20])
def test_a_stream_of_any_size_is_uploaded_with_its_hash(store: ObjectStore, size: int) -> None:
    class OnlyReadable(io.RawIOBase):
        left = size

        def readable(self) -> bool:
            return True

        def read(self, count: int = -1, /) -> bytes:
            taken = min(self.left, count if count >= 0 else self.left)
            self.left -= taken
            return b"x" * taken

    store.upload("a", OnlyReadable(), sha256="abc")
    there = store.uploaded("a")
    assert there is not None
    assert (there.size, there.sha256) == (size, "abc")
    assert abs(there.written - time.time()) < 60


def test_json_is_read_back_and_anything_else_refused(store: ObjectStore) -> None:
    write_json(store, "a.json", {"b": 1})
    assert read_json(store, "a.json") == {"b": 1}
    store.write("c.json", b"\xff", "application/json")
    with pytest.raises(InvalidInputError, match=r"s3://one/c\.json"):
        read_json(store, "c.json")


def test_presigned_addresses_are_version_4_and_bind_type_and_size(store: ObjectStore) -> None:
    put, get = store.put_url("a/b c.png", UPLOAD, 60), store.get_url("a", 60)
    for url in (put, get):
        assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url
        assert "X-Amz-Expires=60" in url
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost&" in put
    once = store.put_url("a", replace(UPLOAD, once=True), 60)
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match&" in once


@pytest.fixture
def records() -> Records:
    make_table()
    return Records("table")


def record(status: str = "starting", **data: Any) -> Record:
    return Record(key="prediction#1", status=status, expires_at=1_800_000_000, data={"seconds": 1.25, **data})


def test_a_record_is_kept_as_it_was(records: Records) -> None:
    assert records.get("prediction#1") is None
    records.put(record(nested={"list": [1, None, "é"]}))
    assert records.get("prediction#1") == record(nested={"list": [1, None, "é"]})
    item = aws.client("dynamodb").get_item(TableName="table", Key={"pk": {"S": "prediction#1"}})["Item"]
    assert item["expires_at"] == {"N": "1800000000"}


def test_only_the_first_of_two_adds_writes(records: Records) -> None:
    assert records.add(record(first=True))
    assert not records.add(record(first=False))
    assert records.get("prediction#1") == record(first=True)


def test_a_record_is_replaced_and_removed_only_while_it_is_what_was_read(records: Records) -> None:
    first, second = record(nested={"é": [0.1, None]}), record("succeeded")
    assert not records.replace(first, second)
    records.put(first)
    assert records.replace(first, second)
    assert not records.replace(first, record("failed"))
    assert not records.remove(first)
    assert records.get("prediction#1") == second
    assert records.remove(second)
    assert records.remove(second)  # what is gone is gone
    assert records.get("prediction#1") is None


def test_a_change_is_made_of_what_others_have_left(records: Records) -> None:
    records.put(record(by="another"))
    changed = records.change(record(), lambda newest: replace(newest, data={**newest.data, "more": 1}))
    assert changed == records.get("prediction#1") == record(by="another", more=1)
    assert records.change(record(), lambda newest: None) is None
    assert records.change(replace(record(), key="prediction#2"), lambda newest: newest) is None


def test_records_of_one_status_are_found_the_oldest_first(records: Records) -> None:
    for name, status, expires in (
        ("b", "starting", 20),
        ("a", "starting", 10),
        ("c", "starting", 30),
        ("d", "failed", 5),
    ):
        records.put(Record(key=f"prediction#{name}", status=status, expires_at=expires))
    assert records.expiring("starting", 30) == ["prediction#a", "prediction#b"]
    assert records.expiring("waiting", 30) == []


def test_what_a_client_made_is_found_the_newest_first_and_read_together(records: Records) -> None:
    for name, owner, created in (("a", "one", "1"), ("c", "one", "3"), ("d", "two", "4"), ("b", "one", "2")):
        made = Record(key=f"prediction#{name}", status="starting", expires_at=9, client=owner, created=created)
        records.put(made)
    records.put(record())  # nobody's, in no index
    first = records.made_by("one", 2)
    assert [each.key for each in first] == ["prediction#c", "prediction#b"]
    assert [each.key for each in records.made_by("one", 2, first[-1])] == ["prediction#a"]
    assert records.made_by("three", 2) == []
    keys = ["prediction#c", "prediction#gone", "prediction#1", "prediction#a"]
    assert [each.key for each in records.get_each(keys)] == ["prediction#c", "prediction#1", "prediction#a"]
    assert records.get_each(keys)[0] == records.get("prediction#c")
    assert records.get_each([]) == []


def test_records_that_one_answer_has_no_room_for_are_asked_for_again() -> None:
    item = {"pk": {"S": "a"}, "status": {"S": "s"}, "expires_at": {"N": "1"}, "data": {"S": "{}"}}
    keys: Any = {"Keys": [{"pk": {"S": "a"}}, {"pk": {"S": "b"}}], "ConsistentRead": True}
    left: Any = {"Keys": [{"pk": {"S": "b"}}], "ConsistentRead": True}
    with Stubber(aws.client("dynamodb")) as stub:
        stub.add_response(
            "batch_get_item",
            {"Responses": {"table": [item]}, "UnprocessedKeys": {"table": left}},
            {"RequestItems": {"table": keys}},
        )
        stub.add_response(
            "batch_get_item", {"Responses": {"table": [item | {"pk": {"S": "b"}}]}}, {"RequestItems": {"table": left}}
        )
        assert [each.key for each in Records("table").get_each(["a", "b"])] == ["a", "b"]


def test_records_of_one_status_are_counted_and_the_first_is_told(records: Records) -> None:
    for number in (3, 1, 2):
        records.put(Record(key=f"a#{number}", status="starting", expires_at=number))
    records.put(Record(key="b", status="other", expires_at=0))
    assert [records.count("starting", before, 9) for before in (1, 3, 4)] == [0, 2, 3]
    assert records.count("starting", 4, 2) == 2
    assert (records.first("starting"), records.first("none")) == (1, None)


def test_a_subject_is_cut_to_what_sns_takes() -> None:
    arn = aws.client("sns").create_topic(Name="topic")["TopicArn"]
    queue = aws.client("sqs").create_queue(QueueName="queue")["QueueUrl"]
    queue_arn = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    aws.client("sns").subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn["Attributes"]["QueueArn"])
    Topic(arn).publish("Ünïcode\nand " + "long " * 40, "the message")
    (message,) = aws.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    body = json.loads(message["Body"])
    assert body["Message"] == "the message"
    assert len(body["Subject"]) == 100
    assert body["Subject"].isascii()
    assert "\n" not in body["Subject"]


@pytest.fixture
def executions() -> Executions:
    role = "arn:aws:iam::123456789012:role/any"
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    machine = aws.client("stepfunctions").create_state_machine(name="m", definition=definition, roleArn=role)
    return Executions(machine["stateMachineArn"])


def test_an_execution_is_started_once_and_described(executions: Executions) -> None:
    executions.start("run-1", {"style": "skirt"})
    found = executions.describe("run-1")
    assert found is not None
    assert (found.name, found.input, found.error) == ("run-1", {"style": "skirt"}, "")
    assert found.started.tzinfo is not None
    with pytest.raises(ExecutionNameTakenError):
        executions.start("run-1", {"style": "coat"})
    assert executions.describe("run-2") is None
    assert executions.events("run-2") == []


def test_an_execution_is_stopped(executions: Executions) -> None:
    executions.start("run-1", {})
    executions.stop("run-1")
    found = executions.describe("run-1")
    assert found is not None
    assert found.status == "ABORTED"


def test_executions_are_listed_with_when_they_started(executions: Executions) -> None:
    assert list(executions.listing()) == []
    for name in ("run-1", "run-2"):
        executions.start(name, {})
    found = list(executions.listing())
    assert {each.name for each in found} == {"run-1", "run-2"}
    assert all(each.started.tzinfo for each in found)


def test_history_is_read_from_the_newest_and_told_from_the_oldest() -> None:
    client = aws.client("stepfunctions")
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    at = "2026-11-22T13:00:00Z"
    entered = {"timestamp": at, "type": "TaskStateEntered", "id": 2, "stateEnteredEventDetails": {"name": "Prepare"}}
    left = state_left(4, "Prepare", {"Payload": {"notes": ["README.md is not used"]}})
    left["stateExitedEventDetails"]["assignedVariables"] = {"plan": '{"style": "skirt"}'}
    done = {"ProcessingJobStatus": "Completed", "ExitMessage": "a.png is left out\nb.png is left out"}
    segmented = state_left(5, "Segment", done)
    failed = state_left(6, "AdoptEvaluate", {"ProcessingJobStatus": "Failed", "ExitMessage": "ValueError: no"})
    other = {"timestamp": at, "type": "LambdaFunctionScheduled", "id": 3}
    expected = {
        "executionArn": "arn:aws:states:us-east-1:123456789012:execution:m:run-1",
        "reverseOrder": True,
        "maxResults": 1_000,
    }
    with Stubber(client) as stub:
        stub.add_response("get_execution_history", {"events": [failed, segmented, left], "nextToken": "t"}, expected)
        stub.add_response("get_execution_history", {"events": [other, entered]}, {**expected, "nextToken": "t"})
        events = Executions(arn).events("run-1")
    assert [(event.state, event.kind, event.entered, event.notes) for event in events] == [
        ("Prepare", "Task", True, ()),
        ("Prepare", "Task", False, ("README.md is not used",)),
        ("Segment", "Task", False, ("a.png is left out", "b.png is left out")),
        ("AdoptEvaluate", "Task", False, ()),
    ]
    assert [event.assigned for event in events] == [{}, {"plan": {"style": "skirt"}}, {}, {}]


def state_left(number: int, state: str, output: Any) -> dict[str, Any]:
    """The event that a task was left with an output."""
    details = {"name": state, "output": json.dumps(output)}
    kind = "TaskStateExited"
    return {"timestamp": "2026-11-22T13:00:00Z", "type": kind, "id": number, "stateExitedEventDetails": details}


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_nobody_waits_for_is_no_error(code: str) -> None:
    with Stubber(aws.client("stepfunctions")) as stub:
        stub.add_client_error("send_task_success", code)
        stub.add_client_error("send_task_failure", code)
        assert not Tokens().succeed("token", {"a": 1})
        assert not Tokens().fail("token", "Error", "cause")


def test_a_token_is_answered_with_json_and_a_bounded_cause() -> None:
    with Stubber(aws.client("stepfunctions")) as stub:
        stub.add_response("send_task_success", {}, {"taskToken": "t", "output": '{"a": 1}'})
        stub.add_response("send_task_failure", {}, {"taskToken": "t", "error": "E", "cause": "x" * 32_000})
        assert Tokens().succeed("t", {"a": 1})
        assert Tokens().fail("t", "E", "x" * 50_000)


def test_other_errors_of_tokens_are_raised_so_that_lambda_retries() -> None:
    with Stubber(aws.client("stepfunctions")) as stub:
        stub.add_client_error("send_task_success", "KmsThrottlingException")
        with pytest.raises(ClientError):
            Tokens().succeed("t", {})


ROLE = "arn:aws:iam::123456789012:role/endpoint"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1"
MODEL = {"ModelName": "style-v1", "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE}}
VARIANT = {
    "VariantName": "AllTraffic",
    "ModelName": "style-v1",
    "InstanceType": "ml.m5.xlarge",
    "InitialInstanceCount": 1,
}
CONFIG = {"EndpointConfigName": "style-v1", "ProductionVariants": [VARIANT]}
TAGS = {"atelier:stage": "test", "cost-center": "42"}


def test_packages_of_a_group_are_listed_and_decided_about() -> None:
    packages, group = Packages(), "atelier-test-skirt"
    packages.make_group(group, "Versions", TAGS)
    made = packages.register(
        {
            "ModelPackageGroupName": group,
            "ModelApprovalStatus": "PendingManualApproval",
            "CustomerMetadataProperties": {"execution": "run-1"},
        }
    )
    assert packages.listing(group) == [made]
    found = packages.find(made)
    assert found is not None
    assert (found.number, found.status, found.metadata) == (1, "PendingManualApproval", {"execution": "run-1"})
    packages.decide(made, "Rejected", "first: no")
    assert packages.approval(made) == ("Rejected", "first: no")


def test_what_the_registry_does_not_have_is_none() -> None:
    gone = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1"
    with Stubber(aws.client("sagemaker")) as stub:
        stub.add_client_error("list_model_packages", "ValidationException", "Model Package Group g does not exist.")
        stub.add_client_error("describe_model_package", "ValidationException", f"ModelPackage {gone} does not exist.")
        assert Packages().listing("g") == []
        assert Packages().find(gone) is None


def test_an_endpoint_is_made_from_model_and_configuration() -> None:
    endpoints = Endpoints()
    assert endpoints.state("style-v1") is None
    assert endpoints.make_model(MODEL, TAGS) is None
    assert endpoints.make_config(CONFIG, TAGS) is None
    endpoints.create("style-v1", TAGS)
    state = endpoints.state("style-v1")
    assert state is not None
    assert (state.name, state.status, state.variant) == ("style-v1", "InService", "AllTraffic")
    for kind in ("model", "endpoint-config", "endpoint"):
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:{kind}/style-v1"
        tags = aws.client("sagemaker").list_tags(ResourceArn=arn)["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == TAGS
    endpoints.delete("style-v1")
    assert endpoints.state("style-v1") is None
    for _ in range(2):
        endpoints.delete_definition("style-v1")
    assert endpoints.make_model(MODEL, TAGS) is None


def test_an_alarm_is_deleted_and_a_missing_one_is_fine() -> None:
    cloudwatch = aws.client("cloudwatch")
    alarm = {"MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    cloudwatch.put_metric_alarm(AlarmName="a", Threshold=1, ComparisonOperator="GreaterThanThreshold", **alarm)
    Endpoints().delete_alarm("a")
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []
    with Stubber(cloudwatch) as stub:
        stub.add_client_error("delete_alarms", "ResourceNotFound")
        Endpoints().delete_alarm("a")


TAKEN = [
    ("create_model", "Cannot create already existing model arn:aws:sagemaker:::model/style-v1"),
    ("create_model", "Model style-v1 already exists"),
]


@pytest.mark.parametrize(("operation", "message"), TAKEN)
def test_a_taken_name_gives_what_has_it(operation: str, message: str) -> None:
    found = {"ModelName": "style-v1", "ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/style-v1"}
    with Stubber(aws.client("sagemaker")) as stub:
        stub.add_client_error(operation, "ValidationException", message)
        stub.add_response("describe_model", {**found, "CreationTime": 0}, {"ModelName": "style-v1"})
        existing = Endpoints().make_model(MODEL, TAGS)
    assert existing is not None
    assert existing["ModelName"] == "style-v1"


def test_a_quota_has_its_own_error_with_advice() -> None:
    message = "The account-level service limit 'ml.g5.xlarge for endpoint usage' is 0 Instances"
    with Stubber(aws.client("sagemaker")) as stub:
        stub.add_client_error("create_endpoint", "ResourceLimitExceeded", message)
        with pytest.raises(QuotaExceeded, match=r"ml\.g5\.xlarge.*Service Quotas"):
            Endpoints().create("style-v1", TAGS)


def test_a_configuration_that_was_just_made_may_not_be_found_for_a_moment() -> None:
    with Stubber(aws.client("sagemaker")) as stub:
        stub.add_client_error(
            "create_endpoint", "ValidationException", 'Could not find endpoint configuration "style-v1".'
        )
        with pytest.raises(EndpointBusyError, match="not found yet"):
            Endpoints().create("style-v1", TAGS)


def test_a_failed_endpoint_says_why() -> None:
    answer = {
        "EndpointName": "style-v1",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/style-v1",
        "EndpointStatus": "Failed",
        "FailureReason": "did not pass the ping health check",
        "CreationTime": 0,
        "LastModifiedTime": 0,
    }
    with Stubber(aws.client("sagemaker")) as stub:
        stub.add_response("describe_endpoint", answer, {"EndpointName": "style-v1"})
        state = Endpoints().state("style-v1")
    assert state is not None
    assert (state.status, state.reason) == ("Failed", "did not pass the ping health check")


def test_a_scaling_target_is_dropped() -> None:
    scaling = aws.client("application-autoscaling")
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/style/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=1)
    Endpoints().drop_scaling("style", "AllTraffic")
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_a_scaling_target_that_is_not_there_is_fine() -> None:
    with Stubber(aws.client("application-autoscaling")) as stub:
        stub.add_client_error("deregister_scalable_target", "ObjectNotFoundException")
        Endpoints().drop_scaling("style", "AllTraffic")
        stub.assert_no_pending_responses()


def test_jobs_that_never_started_are_none() -> None:
    assert Jobs().describe("training", "nothing") is None
    assert Jobs().describe("processing", "nothing") is None


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ValidationError", 400, EndpointUnavailableError),
        ("ThrottlingException", 429, EndpointUnavailableError),
        ("AccessDeniedException", 403, EndpointDeniedError),
        ("ExpiredTokenException", 403, EndpointUnavailableError),
        ("ServiceUnavailable", 503, SubmissionUnclearError),
        ("InternalFailure", 500, SubmissionUnclearError),
    ],
)
def test_an_endpoint_that_refuses_is_told_from_one_that_may_have_taken_the_request(
    code: str, status: int, expected: type[Exception]
) -> None:
    message = "Endpoint shared of account 123456789012 not found."
    with Stubber(aws.client("sagemaker-runtime")) as stub:
        stub.add_client_error("invoke_endpoint_async", code, message, http_status_code=status)
        with pytest.raises((EndpointUnavailableError, SubmissionUnclearError), match="shared") as caught:
            Inference().submit("shared", S3Uri(bucket="media", key="requests/1.json"), "1")
    assert caught.type is expected  # Step Functions knows an error by its class's name


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (EndpointConnectionError(endpoint_url="x"), EndpointUnavailableError),
        (ConnectTimeoutError(endpoint_url="x"), EndpointUnavailableError),
        (ReadTimeoutError(endpoint_url="x"), SubmissionUnclearError),
        (ConnectionClosedError(endpoint_url="x"), SubmissionUnclearError),
    ],
)
def test_a_request_that_may_have_been_queued_is_not_sent_again_by_botocore(
    broken: Exception, expected: type[Exception]
) -> None:
    sent, events = list[Any](), aws.client("sagemaker-runtime").meta.events

    def send(**request: Any) -> None:
        sent.append(request)
        raise broken

    events.register_first("before-send.sagemaker-runtime", send)
    try:
        with pytest.raises(expected, match="shared"):
            Inference().submit("shared", S3Uri(bucket="media", key="requests/1.json"), "1")
    finally:
        events.unregister("before-send.sagemaker-runtime", send)
    assert len(sent) == 1


def test_a_request_is_queued_with_its_id_and_limits() -> None:
    expected = {
        "EndpointName": "shared",
        "InputLocation": "s3://media/requests/1.json",
        "InferenceId": "1",
        "ContentType": "application/json",
        "Accept": "application/json",
        "RequestTTLSeconds": 21_600,
        "InvocationTimeoutSeconds": 900,
    }
    with Stubber(aws.client("sagemaker-runtime")) as stub:
        answer = {"InferenceId": "1", "OutputLocation": "s3://media/r", "FailureLocation": "s3://media/f"}
        stub.add_response("invoke_endpoint_async", answer, expected)
        places = Inference().submit("shared", S3Uri(bucket="media", key="requests/1.json"), "1")
        assert (places.output, places.failure) == ("s3://media/r", "s3://media/f")
        stub.assert_no_pending_responses()


def test_a_small_body_goes_with_the_call() -> None:
    answer = {"InferenceId": "1", "OutputLocation": "s3://media/r", "FailureLocation": "s3://media/f"}
    with Stubber(aws.client("sagemaker-runtime")) as stub:
        expected = {
            "EndpointName": "shared",
            "Body": b"{}",
            "InferenceId": "1",
            "ContentType": "application/json",
            "Accept": "application/json",
            "RequestTTLSeconds": 21_600,
            "InvocationTimeoutSeconds": 900,
        }
        stub.add_response("invoke_endpoint_async", answer, expected)
        Inference().submit("shared", S3Uri(bucket="media", key="requests/1.json"), "1", "{}")
        stub.assert_no_pending_responses()


def test_a_real_time_request_is_handed_to_the_function_that_asks() -> None:
    body = S3Uri(bucket="media", key="requests/1.json")
    with Stubber(aws.client("lambda")) as stub:
        expected = {"FunctionName": "asks", "InvocationType": "Event", "Payload": ANY}
        stub.add_response("invoke", {"StatusCode": 202}, expected)
        stub.add_response("invoke", {"StatusCode": 202}, expected)
        first, second = (Inference("asks").submit("shared", body, "1") for _ in range(2))
        stub.assert_no_pending_responses()
    assert first.output.startswith("s3://media/responses/")
    assert first.failure.startswith("s3://media/failures/")
    assert first != second  # each attempt has places of its own


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("TooManyRequestsException", 429, EndpointUnavailableError),
        ("ResourceNotFoundException", 404, EndpointUnavailableError),
        ("AccessDeniedException", 403, EndpointDeniedError),
        ("ServiceException", 500, SubmissionUnclearError),
    ],
)
def test_a_function_that_takes_no_request_is_told_from_one_that_may_have_taken_it(
    code: str, status: int, expected: type[Exception]
) -> None:
    with Stubber(aws.client("lambda")) as stub:
        stub.add_client_error("invoke", code, "no", http_status_code=status)
        with pytest.raises((EndpointUnavailableError, SubmissionUnclearError), match="shared") as caught:
            Inference("asks").submit("shared", S3Uri(bucket="media", key="requests/1.json"), "1")
    assert caught.type is expected


def test_a_real_time_endpoint_answers() -> None:
    expected = {
        "EndpointName": "shared",
        "Body": b"{}",
        "ContentType": "application/json",
        "Accept": "application/json",
        "InferenceId": "1",
    }
    with Stubber(aws.client("sagemaker-runtime")) as stub:
        body = StreamingBody(io.BytesIO(b'{"images": []}'), 14)
        stub.add_response("invoke_endpoint", {"Body": body}, expected)
        assert RealTimeEndpoints().ask("shared", b"{}", "1") == b'{"images": []}'


MODEL_SAID = 'Received server error (500) from AllTraffic with message "{}". See the logs.'


@pytest.mark.parametrize(
    ("code", "status", "more", "expected"),
    [
        ("ThrottlingException", 429, {}, EndpointUnavailableError),
        ("ServiceUnavailable", 503, {}, EndpointUnavailableError),
        ("ModelNotReadyException", 429, {}, EndpointUnavailableError),
        ("ModelError", 424, {"OriginalStatusCode": 503, "OriginalMessage": "busy"}, EndpointUnavailableError),
        ("ModelError", 424, {"OriginalStatusCode": 500, "OriginalMessage": "{}"}, EndpointRefusedError),
        ("ValidationError", 400, {}, EndpointRefusedError),
        ("AccessDeniedException", 403, {}, EndpointRefusedError),
    ],
)
def test_a_busy_real_time_endpoint_is_told_from_one_that_refuses(
    code: str, status: int, more: dict[str, Any], expected: type[Exception]
) -> None:
    with Stubber(aws.client("sagemaker-runtime")) as stub:
        stub.add_client_error("invoke_endpoint", code, MODEL_SAID, http_status_code=status, modeled_fields=more or None)
        with pytest.raises((EndpointUnavailableError, EndpointRefusedError)) as caught:
            RealTimeEndpoints().ask("shared", b"{}", "1")
    assert caught.type is expected
    if isinstance(caught.value, EndpointRefusedError):
        whole = "ClientError: " + MODEL_SAID
        assert caught.value.reason == ("Received server error (500) from AllTraffic" if more else whole)


def test_clients_are_made_once_a_container() -> None:
    assert aws.client("s3") is aws.client("s3")


def test_a_package_is_registered_in_a_group_that_may_be_there_already() -> None:
    Packages().make_group("coats", "Coats", {"atelier:stage": "test"})
    assert Packages().register({"ModelPackageGroupName": "coats", "ClientToken": "t"}).endswith("model-package/coats/1")
    with Stubber(aws.client("sagemaker")) as stub:
        exists = "Model Package Group arn:aws:sagemaker:us-east-1:1:model-package-group/coats already exists."
        for code, message in (("ValidationException", exists), ("ThrottlingException", "Rate exceeded")):
            expected = {
                "ModelPackageGroupName": "coats",
                "ModelPackageGroupDescription": "Coats",
                "Tags": [{"Key": "atelier:stage", "Value": "test"}],
            }
            stub.add_client_error("create_model_package_group", code, message, expected_params=expected)
        Packages().make_group("coats", "Coats", {"atelier:stage": "test"})
        with pytest.raises(ClientError, match="Rate exceeded"):
            Packages().make_group("coats", "Coats", {"atelier:stage": "test"})


@pytest.mark.parametrize(
    ("code", "message"),
    [("ValidationException", "ModelPackage arn:x does not exist."), ("ResourceNotFound", "no such thing")],
)
def test_a_package_that_is_gone_is_told_from_a_service_that_is_down(code: str, message: str) -> None:
    known = {"ModelPackageArn": "arn:x", "CreationTime": 0, "ModelPackageStatus": "Completed", "ModelPackageName": "1"}
    with Stubber(aws.client("sagemaker")) as stub:
        stub.add_response("describe_model_package", {**known, "ModelPackageStatusDetails": {"ValidationStatuses": []}})
        stub.add_client_error("describe_model_package", code, message)
        stub.add_client_error("describe_model_package", "ThrottlingException", "Rate exceeded")
        assert Packages().exists("arn:x")
        assert not Packages().exists("arn:x")
        with pytest.raises(ClientError, match="Rate exceeded"):
            Packages().exists("arn:x")


@pytest.mark.usefixtures("store")
def test_the_newest_lines_of_a_stream_are_told_the_oldest_first() -> None:
    logs, group = aws.client("logs"), "/aws/sagemaker/TrainingJobs"
    assert Logs().tail(group, "job/algo-1") == []
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="job/algo-1")
    now = int(time.time())
    lines = [{"timestamp": (now + second) * 1000, "message": f"step={second}"} for second in (0, 1)]
    logs.put_log_events(logGroupName=group, logStreamName="job/algo-1", logEvents=lines)
    told = [LogLine(at=now, text="step=0"), LogLine(at=now + 1, text="step=1")]
    assert Logs().tail(group, "job/algo-1") == told
