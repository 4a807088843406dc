"""Saying why a run failed and what it cost, in every shape Step Functions reports it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from atelier_ops.logic.cost import job_cost, jobs_cost
from atelier_ops.logic.failure import read_failure
from atelier_ops.logic.report import report
from contracts.prices import DOLLARS_PER_HOUR
from tests.unit.ops_fakes import NOW, MemoryBuckets, MemoryJobs, MemoryTopic

GARMENT = "GarmentNotFoundError: target 'a hat': got no pixels in wall-0.png; allowed: a garment in every picture"
QUOTA = (
    "The account-level service limit 'ml.g5.2xlarge for training job usage' is 0 Instances, with current utilization of 0 "
    "Instances and a request delta of 1 Instances. (Service: SageMaker, Status Code: 400, Error Code: ResourceLimitExceeded; "
    "Request ID: 1)"
)


def training(**changes: Any) -> dict[str, Any]:
    cluster = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1}
    return {"TrainingJobName": "t", "TrainingJobStatus": "Failed", "ResourceConfig": cluster, **changes}


def processing(**changes: Any) -> dict[str, Any]:
    cluster = {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1}
    resources = {"ClusterConfig": cluster}
    return {"ProcessingJobName": "p", "ProcessingJobStatus": "Failed", "ProcessingResources": resources, **changes}


def test_a_training_jobs_own_error_is_named() -> None:
    job = training(FailureReason=f"AlgorithmError: {GARMENT}, exit code: 1")
    failure = read_failure("States.TaskFailed", json.dumps(job))
    assert failure.error == "GarmentNotFoundError"
    assert failure.reason == GARMENT.removeprefix("GarmentNotFoundError: ")
    assert failure.job == job


def test_a_processing_jobs_own_words_are_its_exit_message() -> None:
    job = processing(
        ExitMessage=GARMENT, FailureReason="AlgorithmError: See job logs for more information, exit code: 1"
    )
    failure = read_failure("States.TaskFailed", json.dumps(job))
    assert (failure.error, failure.reason) == ("GarmentNotFoundError", GARMENT.removeprefix("GarmentNotFoundError: "))


@pytest.mark.parametrize("said", ["", "See job logs for more information"])
def test_a_killed_job_says_its_exit_code(said: str) -> None:
    job = training(FailureReason=f"AlgorithmError: {said}, exit code: 137")
    failure = read_failure("States.TaskFailed", json.dumps(job))
    assert failure.error == "AlgorithmError"
    assert "exit code 137: killed" in failure.reason


def test_a_job_that_says_nothing_at_all_is_still_reported() -> None:
    assert "does not say why" in read_failure("States.TaskFailed", json.dumps(processing())).reason


def test_a_stopped_job_is_called_so() -> None:
    assert read_failure("States.TaskFailed", json.dumps(training(TrainingJobStatus="Stopped"))).error == "JobStopped"


def test_no_capacity_is_not_called_an_error_of_the_container() -> None:
    job = training(FailureReason="CapacityError: Unable to provision requested ML compute capacity.")
    failure = read_failure("States.TaskFailed", json.dumps(job))
    assert failure.error == "CapacityError"
    assert "Unable to provision" in failure.reason


@pytest.mark.parametrize("error", ["SageMaker.AmazonSageMakerException", "SageMaker.ResourceLimitExceededException"])
def test_a_quota_is_called_so_and_says_what_to_do(error: str) -> None:
    failure = read_failure(error, QUOTA)
    assert failure.error == "QuotaExceeded"
    assert "ml.g5.2xlarge" in failure.reason
    assert "Service Quotas" in failure.reason


def test_a_lambdas_exception_is_named() -> None:
    cause = {
        "errorMessage": "input.style: got 7; allowed: a name",
        "errorType": "InvalidInputError",
        "stackTrace": ["x"],
    }
    failure = read_failure("InvalidInputError", json.dumps(cause))
    assert (failure.error, failure.reason) == ("InvalidInputError", "input.style: got 7; allowed: a name")


def test_a_lambdas_missing_permission_is_named_with_the_action() -> None:
    message = "An error occurred (AccessDenied) when calling the ListObjectsV2 operation: not authorized: s3:ListBucket"
    failure = read_failure("ClientError", json.dumps({"errorMessage": message, "errorType": "ClientError"}))
    assert failure.error == "AccessDenied"
    assert "s3:ListBucket" in failure.reason


def test_a_timeout_without_words_gets_some() -> None:
    assert "within the time" in read_failure("States.Timeout", "").reason


def test_a_token_failure_is_passed_on() -> None:
    failure = read_failure("ModelPackageRejected", "arn: rejected: too blue")
    assert (failure.error, failure.reason) == ("ModelPackageRejected", "arn: rejected: too blue")


def test_billed_time_and_instances_make_the_cost() -> None:
    cluster = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2}
    job = training(BillableTimeInSeconds=1800, ResourceConfig=cluster)
    assert job_cost(job) == pytest.approx(DOLLARS_PER_HOUR["ml.g5.xlarge"])


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 1, 1, 0, 0, tzinfo=UTC), datetime(2026, 1, 1, 1, 0, tzinfo=UTC)),
        (1_767_225_600_000, 1_767_229_200_000),
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+00:00"),
    ],
)
def test_an_hours_processing_costs_an_hours_price(start: Any, end: Any) -> None:
    job = processing(ProcessingStartTime=start, ProcessingEndTime=end)
    assert job_cost(job) == pytest.approx(DOLLARS_PER_HOUR["ml.m5.xlarge"])


def test_a_job_that_never_started_costs_nothing() -> None:
    assert job_cost(training()) == 0.0


def test_a_type_without_a_price_makes_the_cost_unknown() -> None:
    job = training(BillableTimeInSeconds=60, ResourceConfig={"InstanceType": "ml.x9.huge", "InstanceCount": 1})
    assert jobs_cost([training(), job]) is None


PLAN = {
    "kind": "fine-tuning",
    "style": "skirt",
    "jobs": {
        "segment": {"state": "Segment", "kind": "processing", "instance": "ml.m5.xlarge", "name": "s", "instances": 1},
        "train": {"state": "FineTune", "kind": "training", "instance": "ml.g5.xlarge", "name": "t", "instances": 2},
    },
}


def told(jobs: MemoryJobs, **changes: Any) -> tuple[dict[str, str], MemoryBuckets, MemoryTopic]:
    buckets, topic = MemoryBuckets(), MemoryTopic()
    event = {"execution": "run-1", "step": "Gate", "error": "GateNotMet", "cause": "too little", "plan": PLAN}
    started = {"started": "2027-01-15T07:00:00.000Z"}
    return report({**event, **started, **changes}, buckets.store("data"), topic, jobs, NOW), buckets, topic


def test_the_cost_is_that_of_every_job_of_the_run() -> None:
    known = {"processing/s": processing(), "training/t": training(BillableTimeInSeconds=3600)}
    known["processing/s"] |= {"ProcessingStartTime": 0, "ProcessingEndTime": 3_600}
    result, buckets, topic = told(MemoryJobs(known))
    assert result == {
        "error": "GateNotMet",
        "cause": "Gate: GateNotMet: too little (cost about $1.64 at prices of us-east-1)",
    }
    record = buckets.store("data").json("runs/run-1/failure.json")
    assert record["cost"] == pytest.approx(1.638)
    assert (record["style"], record["step"], record["error"], record["reason"]) == (
        "skirt",
        "Gate",
        "GateNotMet",
        "too little",
    )
    ((subject, message),) = topic.sent
    assert "run-1" in subject
    assert "s3://data/runs/run-1/failure.json" in message


def test_a_run_without_a_plan_is_reported_and_cost_nothing() -> None:
    result, buckets, _ = told(MemoryJobs({}), plan=None, step="Prepare", cause=json.dumps({"errorMessage": "no"}))
    assert result["cause"] == "Prepare: GateNotMet: no (cost about $0.00 at prices of us-east-1)"
    assert buckets.store("data").json("runs/run-1/failure.json")["style"] is None


def test_where_jobs_cannot_be_read_the_failed_one_counts() -> None:
    cause = json.dumps(training(BillableTimeInSeconds=3600, FailureReason="AlgorithmError: x, exit code: 1"))
    result, _, _ = told(MemoryJobs({}, refuses=True), step="FineTune", error="States.TaskFailed", cause=cause)
    assert result["cause"].endswith("(cost about $1.41 at prices of us-east-1)")


def test_where_no_job_can_be_read_the_time_since_the_start_counts_on_each_host_of_the_failed_one() -> None:
    result, _, _ = told(MemoryJobs({}, refuses=True), step="FineTune", cause="States.Timeout")
    assert result["cause"].endswith("(cost about $2.82 at prices of us-east-1)")


def test_the_jobs_of_a_machine_that_nobody_here_has_heard_of_are_counted() -> None:
    caption = {"state": "Caption", "kind": "processing", "instance": "ml.m5.xlarge", "name": "c", "instances": 1}
    known = {"processing/c": processing(ProcessingStartTime=0, ProcessingEndTime=3_600)}
    result, _, _ = told(MemoryJobs(known), plan={"jobs": {"caption": caption}}, step="Caption")
    assert result["cause"].endswith("(cost about $0.23 at prices of us-east-1)")


def test_a_search_costs_what_its_trainings_do_and_its_reason_is_the_first_ones() -> None:
    search = {"state": "Search", "kind": "tuning", "instance": "ml.g5.xlarge", "name": "s", "instances": 1}
    cluster = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1}
    known = {
        f"training/s-{n}": training(BillableTimeInSeconds=1_800, ResourceConfig=cluster) for n in ("001-a", "002-b")
    }
    reason = "AlgorithmError: NonFiniteLossError: loss at step 2, exit code: 1"
    made = [{"TrainingJobName": "s-001-a"}, {"TrainingJobName": "s-002-b", "FailureReason": reason}]
    ended = {
        "HyperParameterTuningJobName": "s",
        "HyperParameterTuningJobStatus": "Failed",
        "FailureReason": "none was good",
    }
    result, _, _ = told(
        MemoryJobs(known, {"s": made}),
        plan={"jobs": {"search": search}},
        step="Search",
        error="States.TaskFailed",
        cause=json.dumps(ended),
    )
    assert result["cause"] == (
        f"Search: States.TaskFailed: none was good; s-002-b: {reason} (cost about $1.41 at prices of us-east-1)"
    )


def test_what_could_not_be_undone_is_told_because_it_is_paid_for() -> None:
    undo = "UndoRollout: EndpointBusyError: endpoint skirt-v2: got Creating"
    result, buckets, _ = told(MemoryJobs({}), undo=undo)
    assert f"too little; not undone: {undo}" in result["cause"]
    assert buckets.store("data").json("runs/run-1/failure.json")["reason"].endswith(undo)


def test_a_report_that_cannot_be_delivered_does_not_hide_the_failure() -> None:
    class Broken(MemoryTopic):
        def publish(self, subject: str, message: str) -> None:
            raise ClientError({"Error": {"Code": "NotFound", "Message": "gone"}}, "Publish")

    event = {"execution": "run-1", "step": "Prepare", "error": "E", "cause": "why"}
    result = report(event, MemoryBuckets().store("data"), Broken(), MemoryJobs({}), NOW)
    assert result == {"error": "E", "cause": "Prepare: E: why (cost about $0.00 at prices of us-east-1)"}
