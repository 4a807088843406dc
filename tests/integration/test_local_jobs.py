"""Training and processing jobs run as processes, with SageMaker's files, statuses and failure texts."""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from local.sagemaker.containers import meeting_point
from local.sizes import MOST_JOBS
from tests.integration import local_toy
from tests.integration.local_toy import IMAGE, until

Record = dict[str, Any]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with a bucket and a role."""
    folder = tmp_path_factory.mktemp("jobs")
    with LocalCloud(folder / "run") as started:
        template = local_toy.base_template()
        template["Resources"] |= {
            "Events": {"Type": "AWS::SQS::Queue"},
            "EventsPolicy": local_toy.queue_policy("Events", "events.amazonaws.com"),
            "Ended": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {
                        "source": ["aws.sagemaker"],
                        "detail-type": [{"suffix": " Job State Change"}],
                        "detail": {
                            "$or": [{"TrainingJobStatus": ["Completed"]}, {"ProcessingJobStatus": ["Completed"]}]
                        },
                    },
                    "Targets": [{"Id": "queue", "Arn": local_toy.arn("Events")}],
                },
            },
        }
        template["Outputs"]["Events"] = {"Value": {"Ref": "Events"}}
        started.deploy(local_toy.write_assembly(folder / "out", {"Toy": template}))
        bucket = started.outputs("Toy")["Bucket"]
        for name in "abc":
            started.client("s3").put_object(Bucket=bucket, Key=f"data/{name}.txt", Body=f"picture {name}".encode())
        yield started


def training(cloud: LocalCloud, name: str, **changes: Any) -> Record:
    """A CreateTrainingJob request."""
    outputs = cloud.outputs("Toy")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{outputs['Bucket']}/data/"}
    request = {
        "TrainingJobName": name,
        "RoleArn": outputs["JobRole"],
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": r"loss=([0-9.]+)"}],
        },
        "InputDataConfig": [{"ChannelName": "dataset", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{outputs['Bucket']}/models", "CompressionType": "NONE"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "HyperParameters": {"style": "skirt"},
    }
    return {**request, **changes}


def run_training(cloud: LocalCloud, name: str, **changes: Any) -> Record:
    """Create a training job; its description once it has ended."""
    client = cloud.client("sagemaker")
    client.create_training_job(**training(cloud, name, **changes))
    return ended(cloud, name)


def ended(cloud: LocalCloud, name: str) -> Record:
    """The description of a training job, once it has ended."""
    client = cloud.client("sagemaker")

    def done() -> Record | None:
        job: Record = client.describe_training_job(TrainingJobName=name)
        return job if job["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") else None

    found: Record = until(done, cloud)
    return found


def read(cloud: LocalCloud, uri: str) -> bytes:
    """An object."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body: bytes = cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def keys(cloud: LocalCloud, prefix: str) -> list[str]:
    """The keys below a prefix of the bucket, without the prefix."""
    found = cloud.client("s3").list_objects_v2(Bucket=cloud.outputs("Toy")["Bucket"], Prefix=prefix)
    return [item["Key"].removeprefix(prefix) for item in found.get("Contents", [])]


def test_a_training_job_gets_the_container_contract_and_leaves_uncompressed_artifacts(cloud: LocalCloud) -> None:
    job = run_training(cloud, "plain")

    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed"
    statuses = [t["Status"] for t in job["SecondaryStatusTransitions"]]
    assert statuses == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert job["BillableTimeInSeconds"] >= 1
    assert [(m["MetricName"], m["Value"]) for m in job["FinalMetricDataList"]] == [("loss", 0.5)]
    artifacts = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert artifacts.endswith("/models/plain/output/model")
    facts = json.loads(read(cloud, f"{artifacts}/facts.json"))
    assert facts["parameters"] == {"style": "skirt"}
    assert facts["seen"] == ["dataset/a.txt", "dataset/b.txt", "dataset/c.txt"]
    assert facts["resources"]["current_host"] == "algo-1"
    assert facts["argv"] == ["train"]
    root = cloud.run_dir / "jobs" / "training" / "plain" / "algo-1"
    assert facts["cwd"] == str(root)
    assert facts["cache"] == str(root / "var" / "cache" / "toy")
    assert keys(cloud, "models/plain/output/data/") == ["algo-1.txt"]


def test_a_container_sees_nothing_of_the_callers_environment(cloud: LocalCloud) -> None:
    facts = json.loads(read(cloud, run_training(cloud, "clean")["ModelArtifacts"]["S3ModelArtifacts"] + "/facts.json"))

    assert "PYTEST_CURRENT_TEST" in os.environ
    assert "PYTEST_CURRENT_TEST" not in facts["environment"]
    assert {"ATELIER_ML_ROOT", "TRAINING_JOB_NAME", "AWS_ENDPOINT_URL"} <= set(facts["environment"])


def test_artifacts_are_a_tarball_unless_compression_is_off(cloud: LocalCloud) -> None:
    target = f"s3://{cloud.outputs('Toy')['Bucket']}/models"

    job = run_training(cloud, "packed", OutputDataConfig={"S3OutputPath": target})

    assert job["ModelArtifacts"]["S3ModelArtifacts"] == f"{target}/packed/output/model.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(read(cloud, f"{target}/packed/output/model.tar.gz"))) as tar:
        assert "./facts.json" in tar.getnames()
    assert "output.tar.gz" in keys(cloud, "models/packed/output/")


def test_hosts_share_out_the_objects_and_know_their_names(cloud: LocalCloud) -> None:
    request = training(cloud, "many")
    request["ResourceConfig"]["InstanceCount"] = 2
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"

    job = _create(cloud, request)

    assert job["TrainingJobStatus"] == "Completed"
    hosts = cloud.run_dir / "jobs" / "training" / "many"
    facts = [json.loads((hosts / f"algo-{n}" / "opt/ml/model/facts.json").read_text()) for n in (1, 2)]
    assert [f["resources"]["current_host"] for f in facts] == ["algo-1", "algo-2"]
    assert [f["seen"] for f in facts] == [["dataset/a.txt", "dataset/c.txt"], ["dataset/b.txt"]]
    assert facts[0]["resources"]["hosts"] == ["algo-1", "algo-2"]
    assert {"MASTER_ADDR", "MASTER_PORT"} <= set(facts[1]["environment"])
    # The bill is this times the number of instances, as the API's own documentation says.
    assert job["BillableTimeInSeconds"] == job["TrainingTimeInSeconds"]


def test_two_jobs_meet_at_two_ports() -> None:
    one, other = meeting_point(), meeting_point()
    assert one["MASTER_ADDR"] == other["MASTER_ADDR"] == "127.0.0.1"
    assert one["MASTER_PORT"] != other["MASTER_PORT"]


def test_the_hosts_of_a_processing_job_share_out_the_objects(cloud: LocalCloud) -> None:
    job = processing(cloud, "dealt", ["process"], hosts=2)

    assert job["ProcessingJobStatus"] == "Completed"
    assert keys(cloud, "runs/dealt/") == ["a.txt", "arguments.json", "b.txt", "c.txt"]
    hosts = cloud.run_dir / "jobs" / "processing" / "dealt"
    seen = [
        sorted(path.name for path in (hosts / f"algo-{n}/opt/ml/processing/input/in").iterdir() if path.is_file())
        for n in (1, 2)
    ]
    assert seen == [["a.txt", "c.txt"], ["b.txt"]]
    resources = json.loads((hosts / "algo-2/opt/ml/config/resourceconfig.json").read_text())
    assert (resources["current_host"], resources["hosts"]) == ("algo-2", ["algo-1", "algo-2"])


def _create(cloud: LocalCloud, request: Record) -> Record:
    cloud.client("sagemaker").create_training_job(**request)
    return ended(cloud, request["TrainingJobName"])


def test_the_failure_file_becomes_the_failure_reason(cloud: LocalCloud) -> None:
    reason = "UnreadablePictureError: a.jpg: got text; allowed: PNG, JPEG"

    job = run_training(cloud, "fails", HyperParameters={"fail": reason, "code": "2"})

    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == f"AlgorithmError: {reason}, exit code: 2"
    assert keys(cloud, "models/fails/output/model") == []


def test_a_killed_container_fails_the_job(cloud: LocalCloud) -> None:
    job = run_training(cloud, "killed", HyperParameters={"die": "yes"})

    assert job["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 137"


def test_an_empty_prefix_is_a_client_error(cloud: LocalCloud) -> None:
    request = training(cloud, "empty")
    uri = f"s3://{cloud.outputs('Toy')['Bucket']}/nothing/"
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = uri

    job = _create(cloud, request)

    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(
        f'ClientError: Data download failed:No S3 objects found under S3 URL "{uri}"'
    )


def test_a_stopped_job_keeps_its_checkpoint_and_the_next_one_starts_from_it(cloud: LocalCloud) -> None:
    checkpoints = {"S3Uri": f"s3://{cloud.outputs('Toy')['Bucket']}/checkpoints/style"}
    client = cloud.client("sagemaker")
    parameters = {"loop": "41", "child": "yes"}
    client.create_training_job(**training(cloud, "loops", CheckpointConfig=checkpoints, HyperParameters=parameters))
    until(lambda: "looping" in logged(cloud, "TrainingJobs", "loops/"), cloud)  # logs come while the job runs
    child = psutil.Process(int(until(lambda: _checkpoint(cloud, "loops", "child"), cloud)))

    client.stop_training_job(TrainingJobName="loops")
    job = ended(cloud, "loops")
    resumed = run_training(cloud, "resumes", CheckpointConfig=checkpoints)

    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "ModelArtifacts" in job
    until(lambda: not child.is_running(), cloud)
    facts = json.loads(read(cloud, resumed["ModelArtifacts"]["S3ModelArtifacts"] + "/facts.json"))
    assert facts["restored"] == "42"


def test_event_files_of_a_training_come_below_its_name(cloud: LocalCloud) -> None:
    uri = f"s3://{cloud.outputs('Toy')['Bucket']}/watched"
    run_training(cloud, "watched", TensorBoardOutputConfig={"S3OutputPath": uri})
    assert read(cloud, f"{uri}/watched/tensorboard-output/events") == b"told"


def _checkpoint(cloud: LocalCloud, job: str, name: str) -> str:
    path = cloud.run_dir / "jobs" / "training" / job / "algo-1/opt/ml/checkpoints" / name
    return path.read_text() if path.exists() else ""


def logged(cloud: LocalCloud, kind: str, prefix: str) -> str:
    """What CloudWatch Logs has of a job."""
    logs, group = cloud.client("logs"), f"/aws/sagemaker/{kind}"
    try:
        found = logs.filter_log_events(logGroupName=group, logStreamNamePrefix=prefix)
    except logs.exceptions.ResourceNotFoundException:
        return ""
    return "\n".join(event["message"] for event in found["events"])


def test_the_time_limit_stops_a_job(cloud: LocalCloud) -> None:
    job = run_training(cloud, "slow", HyperParameters={"loop": "1"}, StoppingCondition={"MaxRuntimeInSeconds": 1})

    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_names_are_taken_once_and_folders_of_the_jobs_that_ended_first_go(cloud: LocalCloud) -> None:
    folder = cloud.run_dir / "jobs" / "training"
    for age in range(1, 2 * MOST_JOBS):
        (folder / f"old-{age}").mkdir(parents=True)
        os.utime(folder / f"old-{age}", (-age, -age))

    run_training(cloud, "twice")

    old = {path.name for path in folder.glob("old-*")}
    others = len(list(folder.iterdir())) - len(old)
    assert old == {f"old-{age}" for age in range(1, MOST_JOBS + 2 - others)}  # the running one was not among the twenty
    with pytest.raises(ClientError, match="ResourceInUse"):
        cloud.client("sagemaker").create_training_job(**training(cloud, "twice"))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"RoleArn": "arn:aws:iam::123456789012:role/nobody"}, "Could not assume role"),
        (
            {"AlgorithmSpecification": {"TrainingImage": "x/y:z", "TrainingInputMode": "File"}},
            "Requested image x/y:z not found",
        ),
        ({"TrainingJobName": "under_score"}, "Member must satisfy regular expression pattern"),
        ({"HyperParameters": {"k": "v" * 3000}}, "Member must have length less than or equal to 2500"),
    ],
)
def test_bad_requests_are_refused(cloud: LocalCloud, change: Record, problem: str) -> None:
    with pytest.raises(ClientError, match="ValidationException") as refused:
        cloud.client("sagemaker").create_training_job(**training(cloud, "refused", **change))

    assert problem in str(refused.value)


def processing(cloud: LocalCloud, name: str, arguments: list[str], *, hosts: int = 1) -> Record:
    """Run a processing job, of whose objects each host gets a part; its description once it has ended."""
    outputs, client = cloud.outputs("Toy"), cloud.client("sagemaker")
    source = {
        "S3Uri": f"s3://{outputs['Bucket']}/data/", "LocalPath": "/opt/ml/processing/input/in",
        "S3DataType": "S3Prefix", "S3InputMode": "File", "S3DataDistributionType": "ShardedByS3Key",
    }  # fmt: skip
    target = {
        "S3Uri": f"s3://{outputs['Bucket']}/runs/{name}", "LocalPath": "/opt/ml/processing/output/out",
        "S3UploadMode": "EndOfJob",
    }  # fmt: skip
    client.create_processing_job(
        ProcessingJobName=name,
        RoleArn=outputs["JobRole"],
        AppSpecification={"ImageUri": IMAGE, "ContainerArguments": arguments},
        ProcessingInputs=[{"InputName": "in", "S3Input": source}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": target}]},
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": hosts, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
        },
    )

    def done() -> Record | None:
        job: Record = client.describe_processing_job(ProcessingJobName=name)
        return job if job["ProcessingJobStatus"] in ("Completed", "Failed", "Stopped") else None

    found: Record = until(done, cloud)
    return found


def test_a_processing_job_runs_the_entry_point_with_its_arguments(cloud: LocalCloud) -> None:
    job = processing(cloud, "segments", ["process", "--target", "a skirt"])

    assert job["ProcessingJobStatus"] == "Completed"
    assert keys(cloud, "runs/segments/") == ["a.txt", "arguments.json", "b.txt", "c.txt"]
    bucket = cloud.outputs("Toy")["Bucket"]
    assert read(cloud, f"s3://{bucket}/runs/segments/a.txt") == b"PICTURE A"
    assert json.loads(read(cloud, f"s3://{bucket}/runs/segments/arguments.json")) == [
        ["--target", "a skirt"],
        "segments",
    ]


def test_the_end_of_a_job_is_an_event(cloud: LocalCloud) -> None:
    job = run_training(cloud, "told")
    processing(cloud, "told-too", ["process"])
    sqs, queue = cloud.client("sqs"), cloud.outputs("Toy")["Events"]
    events: dict[str, Record] = {}

    def heard() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            detail = event["detail"]
            events[detail.get("TrainingJobName") or detail["ProcessingJobName"]] = event
        return {"told", "told-too"} <= set(events)

    until(heard, cloud)

    trained, processed = events["told"], events["told-too"]
    assert trained["detail-type"] == "SageMaker Training Job State Change"
    assert trained["resources"] == [job["TrainingJobArn"]]
    assert trained["detail"]["CreationTime"] == int(job["CreationTime"].timestamp() * 1000)
    assert trained["detail"]["SecondaryStatus"] == "Completed"
    assert processed["detail-type"] == "SageMaker Processing Job State Change"
    assert processed["detail"]["ProcessingJobStatus"] == "Completed"


def test_a_processing_jobs_message_becomes_its_failure_reason(cloud: LocalCloud) -> None:
    job = processing(cloud, "finds-nothing", ["process", "--fail"])

    text = "GarmentNotFoundError: target: got 'hat'; allowed: a garment"
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Failed", text)
    assert job["FailureReason"] == f"AlgorithmError: {text}, exit code: 1"
    assert keys(cloud, "runs/finds-nothing/") == []


def test_a_role_without_the_bucket_fails_the_job_by_name(cloud: LocalCloud, tmp_path: Path) -> None:
    iam, name = cloud.client("iam"), cloud.outputs("Toy")["JobRole"].rsplit("/", 1)[1]
    policy = iam.get_role_policy(RoleName=name, PolicyName="all")["PolicyDocument"]
    kept = {**policy, "Statement": [s for s in policy["Statement"] if "s3:ListBucket" not in s["Action"]]}
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(kept))
    try:
        job = run_training(cloud, "denied")
    finally:
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))

    assert job["TrainingJobStatus"] == "Failed"
    assert "AccessDenied" in job["FailureReason"]
    assert "s3:ListBucket on resource: " in job["FailureReason"]
    assert cloud.outputs("Toy")["Bucket"] in job["FailureReason"]
