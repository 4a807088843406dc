"""Endpoints run model servers as processes: health, blue/green updates, capacity, real-time and asynchronous requests."""

import copy
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from cli.manage import health
from local.cloud import LocalCloud
from local.errors import DeploymentError
from local.sagemaker.backend import ROOT_KEY
from tests.integration import local_toy
from tests.integration.local_endpoint import (
    answer,
    deploy,
    described,
    ends,
    find,
    invoke,
    notification,
    resize,
    server,
    template,
)
from tests.integration.local_toy import IMAGE, allow, arn, role, until

Record = dict[str, Any]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud whose stack `Toy` has an endpoint."""
    folder = tmp_path_factory.mktemp("endpoints")
    with LocalCloud(folder / "run") as started:
        deploy(started, folder)
        yield started


def test_an_async_request_is_answered_in_s3_and_announced(cloud: LocalCloud) -> None:
    bucket = cloud.outputs("Toy")["Bucket"]
    cloud.client("s3").put_object(Bucket=bucket, Key="requests/1.json", Body=b'{"prompt": "a skirt"}')

    queued = cloud.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName="live",
        InputLocation=f"s3://{bucket}/requests/1.json",
        ContentType="application/json",
        InferenceId="request-1",
        S3OutputPathExtension="styled/today",
        Filename="1.json",
    )

    assert queued["InferenceId"] == "request-1"
    assert queued["OutputLocation"] == f"s3://{bucket}/outputs/styled/today/1.json"
    found = answer(cloud, queued)
    assert found["echo"] == {"prompt": "a skirt"}
    assert found["model"] == ["unet", "weights.bin"]
    assert found["id"] == "request-1"
    message = notification(cloud, "request-1")
    assert message["invocationStatus"] == "Completed"
    assert message["responseParameters"] == {
        "contentType": "application/json",
        "outputLocation": queued["OutputLocation"],
    }
    assert message["requestParameters"]["inputLocation"] == f"s3://{bucket}/requests/1.json"
    assert message["eventName"] == "InferenceResult"


def test_its_servers_listen_to_this_machine_alone(cloud: LocalCloud) -> None:
    assert cloud._supervisor
    running = psutil.Process(cloud._supervisor.pid).children(recursive=True)
    listening = [c.laddr for p in running for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]

    assert server(cloud)["port"] in [address.port for address in listening]
    assert {address.ip for address in listening} == {"127.0.0.1"}


def test_a_refused_async_request_leaves_its_body_at_the_failure_path(cloud: LocalCloud) -> None:
    queued = invoke(cloud, {"status": 400}, InferenceId="request-2")

    assert until(lambda: find(cloud, queued["FailureLocation"]), cloud) == b"no such thing"
    message = notification(cloud, "request-2")
    assert message["invocationStatus"] == "Failed"
    assert message["failureReason"].startswith("ClientError: Received client error (400) from model.")
    assert find(cloud, queued["OutputLocation"]) is None


def test_a_slow_async_request_times_out(cloud: LocalCloud) -> None:
    queued = invoke(cloud, {"seconds": 3}, InferenceId="request-3", InvocationTimeoutSeconds=1)

    until(lambda: find(cloud, queued["FailureLocation"]), cloud)
    assert notification(cloud, "request-3")["failureReason"] == "ClientError: Model did not respond within 1 seconds."
    assert server(cloud)["answering"] == 0


def test_no_more_requests_run_at_once_than_the_configuration_allows(cloud: LocalCloud) -> None:
    queued = [invoke(cloud, {"seconds": 0.6, "group": "burst"}) for _ in range(4)]

    assert max(answer(cloud, item)["most"] for item in queued) == 2


def test_an_inline_body_has_sagemakers_limit(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="ValidationError"):
        invoke(cloud, {"text": "x" * 128_001})


def test_an_async_endpoint_refuses_real_time_requests(cloud: LocalCloud) -> None:
    with pytest.raises(ClientError, match="of type Async does not support InvokeEndpoint"):
        cloud.client("sagemaker-runtime").invoke_endpoint(EndpointName="live", Body=b"{}")


@pytest.mark.parametrize(("number", "most"), [(signal.SIGKILL, 2), (signal.SIGTERM, 0)])
def test_a_server_that_dies_takes_nothing_with_it_that_it_was_not_answering(
    cloud: LocalCloud, number: signal.Signals, most: int
) -> None:
    before = server(cloud)
    queued = [invoke(cloud, {"seconds": 0.1, "number": n}) for n in range(14)]
    answer(cloud, queued[0])

    os.kill(before["pid"], number)

    lost = [n for n, end in enumerate(ends(cloud, queued)) if b"The model server ended before it answered" in end]
    assert len(lost) <= most
    assert [answer(cloud, queued[n])["echo"]["number"] for n in range(14) if n not in lost] == sorted(
        {*range(14)} - {*lost}
    )
    assert (server(cloud)["pid"] != before["pid"], described(cloud)["EndpointStatus"]) == (True, "InService")


def test_a_server_that_does_not_answer_ping_is_given_nothing_until_it_does(cloud: LocalCloud) -> None:
    pid = server(cloud)["pid"]
    os.kill(pid, signal.SIGSTOP)
    until(lambda: server(cloud)["health"] == "silent", cloud)
    queued = [invoke(cloud, {"number": n}) for n in range(4)]
    assert server(cloud)["answering"] == 0

    os.kill(pid, signal.SIGCONT)

    assert [json.loads(end)["pid"] for end in ends(cloud, queued)] == [pid] * 4


def test_a_server_that_crashes_whenever_it_starts_is_started_until_it_does_not(cloud: LocalCloud) -> None:
    before = server(cloud)
    broken = Path(before["folder"], "opt", "ml", "broken")
    broken.touch()
    os.kill(before["pid"], signal.SIGKILL)
    queued = invoke(cloud, {"prompt": "patience"})
    until(lambda: server(cloud)["restarts"] == 2, cloud)
    assert health(server(cloud)) == "restarting (2 times in a row)"
    assert described(cloud)["EndpointStatus"] == "InService"
    assert find(cloud, queued["OutputLocation"]) is None
    assert "is started again in 2 s, time 2 in a row" in cloud.log_path.read_text(encoding="utf-8")

    broken.unlink()

    assert answer(cloud, queued)["echo"] == {"prompt": "patience"}
    assert (server(cloud)["health"], server(cloud)["restarts"]) == ("healthy", 0)


def test_a_queue_waits_while_the_variant_has_no_instances(cloud: LocalCloud) -> None:
    resize(cloud, 0)
    queued = invoke(cloud, {"prompt": "later"})
    assert described(cloud)["ProductionVariants"][0]["CurrentInstanceCount"] == 0
    assert find(cloud, queued["OutputLocation"]) is None

    resize(cloud, 1)

    assert answer(cloud, queued)["echo"] == {"prompt": "later"}


def test_a_changed_model_replaces_the_server_without_a_gap(
    cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    changed = template()
    changed["Resources"]["Model"]["Properties"]["PrimaryContainer"]["Environment"]["VERSION"] = "two"
    old = answer(cloud, invoke(cloud, {}))
    slow = invoke(cloud, {"seconds": 1})

    with ThreadPoolExecutor(1) as pool:
        folder = local_toy.write_assembly(tmp_path_factory.mktemp("update") / "out", {"Toy": changed})
        deployment = pool.submit(cloud.deploy, folder)
        seen = set()
        while not deployment.done():
            seen.add(answer(cloud, invoke(cloud, {}))["version"])
        deployment.result()

    assert old["version"] == "one"
    assert answer(cloud, slow)["echo"] == {"seconds": 1}
    assert seen <= {"one", "two"}
    assert answer(cloud, invoke(cloud, {}))["version"] == "two"
    until(lambda: not psutil.pid_exists(old["pid"]), cloud)


def test_an_update_that_never_gets_healthy_leaves_the_old_server(
    cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    broken = template()
    broken["Resources"]["Model"]["Properties"]["PrimaryContainer"]["Environment"]["CRASH"] = "yes"

    with pytest.raises(DeploymentError) as failed:
        cloud.deploy(local_toy.write_assembly(tmp_path_factory.mktemp("broken") / "out", {"Toy": broken}))

    problem = "The primary container for production variant AllTraffic did not pass the ping health check."
    assert "Endpoint (AWS::SageMaker::Endpoint)" in str(failed.value)
    assert problem in str(failed.value)
    assert "cannot load the model" in "".join(
        event["message"]
        for event in cloud.client("logs").filter_log_events(logGroupName="/aws/sagemaker/Endpoints/live")["events"]
    )
    assert answer(cloud, invoke(cloud, {}))["echo"] == {}


def test_an_alarm_during_an_update_sends_the_traffic_back(cloud: LocalCloud) -> None:
    sagemaker, watch = cloud.client("sagemaker"), cloud.client("cloudwatch")
    endpoint(cloud, "watched", {"VERSION": "good"})
    container = sagemaker.describe_model(ModelName="watched")["PrimaryContainer"]
    bad = {**container, "Environment": {"VERSION": "bad"}}
    sagemaker.create_model(ModelName="bad", ExecutionRoleArn=cloud.outputs("Toy")["JobRole"], PrimaryContainer=bad)
    variant = {"VariantName": "a", "ModelName": "bad", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(EndpointConfigName="bad", ProductionVariants=[variant])
    watch.put_metric_alarm(
        AlarmName="failures",
        MetricName="InvocationFailures",
        Namespace="AWS/SageMaker",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    watch.set_alarm_state(AlarmName="failures", StateValue="ALARM", StateReason="a test")

    sagemaker.update_endpoint(
        EndpointName="watched",
        EndpointConfigName="bad",
        DeploymentConfig={
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
                "TerminationWaitInSeconds": 60,
            },
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "failures"}]},
        },
    )
    until(lambda: described(cloud, "watched")["EndpointStatus"] != "Updating", cloud)

    found = described(cloud, "watched")
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "watched")
    assert "alarms are in ALARM state: [failures]" in found["FailureReason"]
    reply = cloud.client("sagemaker-runtime").invoke_endpoint(EndpointName="watched", Body=b"{}")
    assert json.loads(reply["Body"].read())["version"] == "good"


def endpoint(cloud: LocalCloud, name: str, environment: dict[str, str], **variant: Any) -> None:
    """Create a real-time endpoint of its own model and configuration."""
    sagemaker, outputs = cloud.client("sagemaker"), cloud.outputs("Toy")
    source = {"S3Uri": f"s3://{outputs['Bucket']}/base/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": IMAGE, "Environment": environment, "ModelDataSource": {"S3DataSource": source}}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=outputs["JobRole"], PrimaryContainer=container)
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {"VariantName": "a", "ModelName": name, "InitialInstanceCount": 1, "InstanceType": "ml.m5.large", **variant}
        ],
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    until(lambda: described(cloud, name)["EndpointStatus"] != "Creating", cloud)


def test_a_real_time_endpoint_answers_and_passes_on_the_models_errors(cloud: LocalCloud) -> None:
    runtime = cloud.client("sagemaker-runtime")
    endpoint(cloud, "direct", {"VERSION": "r"})

    found = runtime.invoke_endpoint(EndpointName="direct", Body=b'{"a": 1}', ContentType="application/json")
    with pytest.raises(runtime.exceptions.ModelError) as refused:
        runtime.invoke_endpoint(EndpointName="direct", Body=b'{"status": 422}', ContentType="application/json")

    assert json.loads(found["Body"].read())["echo"] == {"a": 1}
    assert found["InvokedProductionVariant"] == "a"
    assert refused.value.response["OriginalStatusCode"] == 422
    assert refused.value.response["OriginalMessage"] == "no such thing"


def test_a_body_of_more_than_25_megabytes_is_refused(cloud: LocalCloud) -> None:
    runtime = cloud.client("sagemaker-runtime")
    large = b'{"a": "' + b"x" * 24_999_000 + b'"}'
    assert runtime.invoke_endpoint(EndpointName="direct", Body=large)["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(ClientError, match="25000000 bytes"):
        runtime.invoke_endpoint(EndpointName="direct", Body=large + b" " * 1_000)


def test_a_real_time_endpoint_publishes_the_requests_that_are_in_it(cloud: LocalCloud) -> None:
    runtime, metrics = cloud.client("sagemaker-runtime"), cloud.client("cloudwatch")
    asked = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ConcurrentRequestsPerModel",
        "Dimensions": [{"Name": "EndpointName", "Value": "direct"}, {"Name": "VariantName", "Value": "a"}],
        "Period": 60,
        "Statistics": ["Maximum"],
        "StartTime": 0,
        "EndTime": 2**31,
    }
    with ThreadPoolExecutor() as pool:
        waiting = [
            pool.submit(runtime.invoke_endpoint, EndpointName="direct", Body=b'{"seconds": 3}') for _ in range(2)
        ]
        until(lambda: server(cloud, "direct")["answering"] == 2, cloud)
        cloud.turn_clock(1)
        for each in waiting:
            each.result()
    cloud.turn_clock(1)

    points = sorted(metrics.get_metric_statistics(**asked)["Datapoints"], key=lambda point: str(point["Timestamp"]))
    assert [point["Maximum"] for point in points][-2:] == [2, 0]


def test_a_real_time_endpoint_whose_server_starts_again_is_unavailable(cloud: LocalCloud) -> None:
    runtime = cloud.client("sagemaker-runtime")
    endpoint(cloud, "fragile", {})
    Path(server(cloud, "fragile")["folder"], "opt", "ml", "broken").touch()
    with pytest.raises(runtime.exceptions.ModelError, match=r"Received server error \(0\) from a with message"):
        runtime.invoke_endpoint(EndpointName="fragile", Body=b'{"exit": 1}')
    until(lambda: server(cloud, "fragile")["restarts"] == 1, cloud)

    with pytest.raises(ClientError, match="ServiceUnavailable"):
        runtime.invoke_endpoint(EndpointName="fragile", Body=b"{}")


def test_a_caller_who_leaves_is_not_waited_for_at_the_model_server(cloud: LocalCloud) -> None:
    impatient = Config(read_timeout=1, retries={"total_max_attempts": 1})
    runtime = boto3.Session(ROOT_KEY, ROOT_KEY, region_name=cloud.region).client(
        "sagemaker-runtime", endpoint_url=cloud.url, config=impatient
    )

    with pytest.raises(ReadTimeoutError):
        runtime.invoke_endpoint(EndpointName="direct", Body=b'{"seconds": 30}')

    until(lambda: server(cloud, "direct")["answering"] == 0, cloud, seconds=10)


def test_a_deleted_endpoint_takes_its_server_with_it(cloud: LocalCloud) -> None:
    runtime, sagemaker = cloud.client("sagemaker-runtime"), cloud.client("sagemaker")
    endpoint(cloud, "gone", {})
    pid = json.loads(runtime.invoke_endpoint(EndpointName="gone", Body=b"{}")["Body"].read())["pid"]

    sagemaker.delete_endpoint(EndpointName="gone")

    until(lambda: not psutil.pid_exists(pid), cloud)
    with pytest.raises(
        ClientError, match='Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/gone"'
    ):
        sagemaker.describe_endpoint(EndpointName="gone")
    with pytest.raises(ClientError, match="Endpoint gone of account 123456789012 not found"):
        runtime.invoke_endpoint(EndpointName="gone", Body=b"{}")


def test_a_server_that_never_answers_ping_fails_the_endpoint(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = time.monotonic()
    endpoint(cloud, "crashes", {"CRASH": "yes"})

    found = described(cloud, "crashes")
    assert found["EndpointStatus"] == "Failed"
    assert found["FailureReason"] == (
        "The primary container for production variant a did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )
    assert time.monotonic() - started < 60  # well before the ten minutes an unhealthy server would be given


def test_a_caller_may_pass_only_the_roles_it_was_granted(cloud: LocalCloud) -> None:
    iam = cloud.client("iam")
    of_sagemaker = {"StringEquals": {"application-autoscaling:service-namespace": "sagemaker"}}
    statements = [
        allow("sagemaker:CreateModel", on="arn:aws:sagemaker:*:*:model/mine-*"),
        {**allow("application-autoscaling:DescribeScalableTargets"), "Condition": of_sagemaker},
    ]
    iam.create_user(UserName="caller")
    iam.put_user_policy(
        UserName="caller",
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
    )
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=cloud.region)
    caller = session.client("sagemaker", endpoint_url=cloud.url)
    scaling = session.client("application-autoscaling", endpoint_url=cloud.url)
    job_role = cloud.outputs("Toy")["JobRole"]

    with pytest.raises(ClientError, match="AccessDenied") as other_name:
        caller.create_model(ModelName="yours", ExecutionRoleArn=job_role, PrimaryContainer={"Image": IMAGE})
    with pytest.raises(ClientError, match="AccessDenied") as no_role:
        caller.create_model(ModelName="mine-1", ExecutionRoleArn=job_role, PrimaryContainer={"Image": IMAGE})

    scaling.describe_scalable_targets(ServiceNamespace="sagemaker")
    with pytest.raises(ClientError, match="AccessDenied"):
        scaling.describe_scalable_targets(ServiceNamespace="ecs")

    assert "sagemaker:CreateModel on resource: arn:aws:sagemaker:us-east-1:123456789012:model/yours" in str(
        other_name.value
    )
    assert f"iam:PassRole on resource: {job_role}" in str(no_role.value)


def test_a_model_without_data_is_refused_when_it_is_created(cloud: LocalCloud) -> None:
    outputs = cloud.outputs("Toy")
    source = {"S3Uri": f"s3://{outputs['Bucket']}/no/", "S3DataType": "S3Prefix", "CompressionType": "None"}

    with pytest.raises(ClientError, match="Could not find model data at s3://"):
        cloud.client("sagemaker").create_model(
            ModelName="empty",
            ExecutionRoleArn=outputs["JobRole"],
            PrimaryContainer={"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}},
        )


def test_the_templates_scaling_is_registered_and_guards_the_machine(cloud: LocalCloud) -> None:
    scaling, sagemaker = cloud.client("application-autoscaling"), cloud.client("sagemaker")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [(t["ResourceId"], t["MinCapacity"], t["MaxCapacity"]) for t in targets] == [
        ("endpoint/live/variant/AllTraffic", 0, 2)
    ]
    assert [p["PolicyName"] for p in policies] == ["backlog", "sleep", "wake"]
    (opening,) = scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]
    assert opening["ScalableTargetAction"] == {"MinCapacity": 1}

    config = copy.deepcopy(
        sagemaker.describe_endpoint_config(EndpointConfigName=described(cloud)["EndpointConfigName"])
    )
    variant = {**config["ProductionVariants"][0], "InstanceType": "ml.m5.xlarge"}
    sagemaker.create_endpoint_config(EndpointConfigName="bigger", ProductionVariants=[variant])
    with pytest.raises(ClientError, match="must be deregistered as scalable targets"):
        sagemaker.update_endpoint(EndpointName="live", EndpointConfigName="bigger")


def test_a_policy_needs_its_target(cloud: LocalCloud) -> None:
    scaling = cloud.client("application-autoscaling")
    place = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/live/variant/Other",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }

    with pytest.raises(scaling.exceptions.ObjectNotFoundException, match="No scalable target registered"):
        scaling.put_scaling_policy(
            PolicyName="p",
            PolicyType="StepScaling",
            StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": []},
            **place,
        )
    with pytest.raises(scaling.exceptions.ValidationException, match="Endpoint/Variant not found"):
        scaling.register_scalable_target(MinCapacity=0, MaxCapacity=1, **place)


def test_packages_have_versions_and_their_approval_is_announced(
    cloud: LocalCloud, tmp_path_factory: pytest.TempPathFactory
) -> None:
    registry = {
        "Resources": {
            "Events": {"Type": "AWS::SQS::Queue"},
            "EventsPolicy": local_toy.queue_policy("Events", "events.amazonaws.com"),
            "Approved": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {
                        "source": ["aws.sagemaker"],
                        "detail-type": ["SageMaker Model Package State Change"],
                        "detail": {"ModelApprovalStatus": ["Approved"]},
                    },
                    "Targets": [{"Id": "queue", "Arn": arn("Events")}],
                },
            },
            "Group": {
                "Type": "AWS::SageMaker::ModelPackageGroup",
                "Properties": {"ModelPackageGroupName": "skirts", "Tags": [{"Key": "owner", "Value": "us"}]},
            },
            "Unused": role("sagemaker.amazonaws.com", [allow("s3:ListBucket")]),
        },
        "Outputs": {"Events": {"Value": {"Ref": "Events"}}},
    }
    cloud.deploy(local_toy.write_assembly(tmp_path_factory.mktemp("registry") / "out", {"Registry": registry}))
    sagemaker = cloud.client("sagemaker")
    specification = {
        "Containers": [{"Image": IMAGE}],
        "SupportedContentTypes": ["application/json"],
        "SupportedResponseMIMETypes": ["application/json"],
    }

    first, again, other = (
        sagemaker.create_model_package(
            ModelPackageGroupName="skirts", InferenceSpecification=specification, ClientToken=token
        )["ModelPackageArn"]
        for token in ("one", "one", "two")
    )
    assert first == again
    packages = [first, other]
    sagemaker.update_model_package(ModelPackageArn=packages[1], ModelApprovalStatus="Approved")

    assert [package.rsplit("/", 1)[1] for package in packages] == ["1", "2"]
    assert (
        sagemaker.describe_model_package(ModelPackageName=packages[0])["ModelApprovalStatus"] == "PendingManualApproval"
    )
    listed = sagemaker.list_model_packages(ModelPackageGroupName="skirts", ModelApprovalStatus="Approved")
    assert [p["ModelPackageVersion"] for p in listed["ModelPackageSummaryList"]] == [2]
    queue = cloud.outputs("Registry")["Events"]
    messages = until(lambda: cloud.client("sqs").receive_message(QueueUrl=queue).get("Messages"), cloud)
    event = json.loads(messages[0]["Body"])
    assert event["source"] == "aws.sagemaker"
    assert event["resources"] == [packages[1]]
    assert event["detail"]["ModelPackageArn"] == packages[1]
    assert event["detail"]["ModelPackageVersion"] == 2
    with pytest.raises(ClientError, match="already exists"):
        sagemaker.create_model_package_group(ModelPackageGroupName="skirts")
    with pytest.raises(ClientError, match="ConflictException"):
        sagemaker.delete_model_package_group(ModelPackageGroupName="skirts")
