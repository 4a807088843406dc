"""A local cloud starts, deploys in order, says what failed, and leaves nothing behind however it ends."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalCloud, StackProgress
from local.errors import DeploymentError, LocalCloudError
from local.stamp import Stamp
from tests.integration import local_toy
from tests.integration.local_toy import IMAGE, until

Record = dict[str, Any]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with nothing in it."""
    with LocalCloud(tmp_path_factory.mktemp("cloud") / "run") as started:
        yield started


def processes(cloud: LocalCloud) -> list[psutil.Process]:
    """The supervisor's descendants."""
    assert cloud._supervisor is not None
    return psutil.Process(cloud._supervisor.pid).children(recursive=True)


def test_everything_it_started_ends_with_it_and_its_files_are_in_its_folder(tmp_path: Path) -> None:
    assembly = local_toy.write_assembly(tmp_path / "out", {"Toy": local_toy.base_template()})
    before = {path.name for path in Path(tempfile.gettempdir()).glob("ministack*")}

    with LocalCloud(tmp_path / "run") as cloud:
        cloud.deploy(assembly)
        local_toy.start_job(cloud, "loops")
        running = processes(cloud)
        listening = [c.laddr.ip for p in running for c in p.net_connections("inet") if c.status == psutil.CONN_LISTEN]
        written = [f.path for p in running for f in p.open_files() if f.mode != "r"]

    assert len(running) >= 3  # the server, the job, the job's child
    assert [p for p in running if p.is_running()] == []
    assert set(listening) == {"127.0.0.1"}
    assert [path for path in written if not path.startswith(str(tmp_path / "run"))] == []
    assert {path.name for path in Path(tempfile.gettempdir()).glob("ministack*")} == before
    assert not (tmp_path / "run" / "tmp").exists()
    assert list(assembly.rglob("__pycache__")) == []


def test_a_client_that_leaves_takes_its_connection_along(cloud: LocalCloud) -> None:
    server = psutil.Process(json.loads((cloud.run_dir / "server.json").read_text())["pid"])
    for _ in range(10):
        with closing(http.client.HTTPConnection(cloud.url.removeprefix("http://"))) as connection:
            connection.request("GET", "/_ministack/health")
            assert connection.getresponse().read()
    until(lambda: psutil.CONN_CLOSE_WAIT not in {each.status for each in server.net_connections("inet")}, cloud)


def test_a_folder_serves_one_cloud_at_a_time_and_the_next_one_finds_what_it_held_unless_it_starts_afresh(
    tmp_path: Path,
) -> None:
    run_dir = tmp_path / "run"
    kept = run_dir / "notes.txt"
    with LocalCloud(run_dir) as first:
        (run_dir / "jobs" / "training").mkdir(parents=True)
        kept.write_text("not the cloud's")
        first.client("s3").create_bucket(Bucket="first")
        first_url = first.url
        with pytest.raises(LocalCloudError, match="allowed: one local cloud a folder"), LocalCloud(run_dir):
            pass
        assert first.client("s3").list_buckets()["Buckets"]  # the refused one has touched nothing

    with LocalCloud(run_dir) as second:
        assert [bucket["Name"] for bucket in second.client("s3").list_buckets()["Buckets"]] == ["first"]
        assert second.url == first_url
    with pytest.raises(LocalCloudError, match="got 123456789012/eu-west-1"), LocalCloud(run_dir, region="eu-west-1"):
        pass
    with pytest.raises(LocalCloudError, match="`atelier local` keeps"), LocalCloud(run_dir, fresh=True):
        pass
    stamp = Stamp.read(run_dir)
    assert stamp is not None
    replace(stamp, lasting=False).write(run_dir)
    with LocalCloud(run_dir, fresh=True) as third:
        assert third.client("s3").list_buckets()["Buckets"] == []
        assembly = local_toy.write_assembly(tmp_path / "out", {"Toy": local_toy.base_template()})
        with pytest.raises(KeyboardInterrupt):
            third.deploy(assembly, progress=_interrupt)
        assert third.client("s3").list_buckets()["Buckets"]
    with LocalCloud(run_dir) as fourth:  # a first deployment that was interrupted has not happened
        assert fourth.client("s3").list_buckets()["Buckets"] == []
        assert not (run_dir / "jobs").exists()
        assert kept.exists()
        in_place = [fourth.in_place]
        run_dir.rename(tmp_path / "moved")
        assert [*in_place, fourth.in_place] == [True, False]
        fourth.client("s3").list_buckets()
    assert not run_dir.exists()  # its end has not made a part of it again


def _interrupt(_: StackProgress) -> None:
    raise KeyboardInterrupt


def test_two_clouds_run_side_by_side_in_two_regions(cloud: LocalCloud, tmp_path: Path) -> None:
    with LocalCloud(tmp_path / "other", region="eu-west-1", account="210987654321") as other:
        other.deploy(local_toy.write_assembly(tmp_path / "out", {"Toy": local_toy.base_template()}))
        assert other.outputs("Toy")["JobRole"].startswith("arn:aws:iam::210987654321:role/")
        other.client("s3").create_bucket(
            Bucket="only-there", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )

        assert other.url != cloud.url
        assert "only-there" not in [b["Name"] for b in cloud.client("s3").list_buckets()["Buckets"]]
        assert other.client("sts").get_caller_identity()["Account"] == "210987654321"


PARENT = """
import json, sys
from pathlib import Path
import psutil
from local.cloud import LocalCloud
from tests.integration import local_toy
from tests.integration.test_local_cloud import processes

folder = Path(sys.argv[1])
with LocalCloud(folder / "run") as cloud:
    cloud.deploy(local_toy.write_assembly(folder / "out", {"Toy": local_toy.base_template()}))
    local_toy.start_job(cloud, "loops")
    print(json.dumps([cloud._supervisor.pid, *(p.pid for p in processes(cloud))]), flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("victim", ["parent", "supervisor"])
def test_a_killed_parent_or_supervisor_takes_the_server_and_its_jobs_along(
    root: Path, tmp_path: Path, cloud: LocalCloud, victim: str
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert parent.stdout is not None
    assert parent.stdin is not None
    pids = json.loads(parent.stdout.readline())
    assert len(pids) >= 4

    os.kill(parent.pid if victim == "parent" else pids[0], signal.SIGKILL)
    until(lambda: not [pid for pid in pids if alive(pid)], cloud)

    parent.kill()
    parent.communicate()


def alive(pid: int) -> bool:
    """Whether a process exists and is not just waiting to be collected."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        with (
            pytest.raises(LocalCloudError, match=r"port \d+ is taken by pid"),
            LocalCloud(tmp_path / "run", port=taken.getsockname()[1]),
        ):
            pass


def test_stacks_are_deployed_in_the_order_of_their_dependencies_and_report_themselves(
    cloud: LocalCloud, tmp_path: Path
) -> None:
    first = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Topic": {"Value": {"Ref": "Topic"}, "Export": {"Name": "the-topic"}}},
    }
    second = {
        "Parameters": {
            "BootstrapVersion": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
            }
        },
        "Resources": {
            "Note": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Fn::ImportValue": "the-topic"}, "Name": "/note"},
            }
        },
        "Outputs": {"Version": {"Value": {"Ref": "BootstrapVersion"}}},
    }
    reports: list[StackProgress] = []

    cloud.deploy(local_toy.write_assembly(tmp_path / "out", {"First": first, "Second": second}), reports.append)

    assert [(r.stack, r.status, r.resources) for r in reports] == [
        ("First", "IN_PROGRESS", 0),
        ("First", "CREATE_COMPLETE", 1),
        ("Second", "IN_PROGRESS", 0),
        ("Second", "CREATE_COMPLETE", 1),
    ]
    assert cloud.client("ssm").get_parameter(Name="/note")["Parameter"]["Value"] == cloud.outputs("First")["Topic"]
    assert int(cloud.outputs("Second")["Version"]) >= 6


def test_a_failing_stack_names_the_resource_and_can_be_deployed_again(cloud: LocalCloud, tmp_path: Path) -> None:
    model: Record = {
        "Type": "AWS::SageMaker::Model",
        "Properties": {
            "ExecutionRoleArn": local_toy.arn("JobRole"),
            "PrimaryContainer": {"Image": IMAGE.replace("0123abcd", "unknown")},
        },
    }
    broken = local_toy.base_template()
    broken["Resources"]["Model"] = model
    reports: list[StackProgress] = []

    with pytest.raises(DeploymentError) as failed:
        cloud.deploy(local_toy.write_assembly(tmp_path / "broken", {"Again": broken}), reports.append)
    model["Properties"]["PrimaryContainer"]["Image"] = IMAGE
    mended = local_toy.write_assembly(tmp_path / "mended", {"Again": broken})
    cloud.deploy(mended, reports.append)
    model["Properties"]["PrimaryContainer"]["Image"] = IMAGE.replace("0123abcd", "gone")
    with pytest.raises(DeploymentError, match="UPDATE_ROLLBACK_COMPLETE: Model"):
        cloud.deploy(local_toy.write_assembly(tmp_path / "changed", {"Again": broken}), reports.append)
    cloud.deploy(mended, reports.append)  # as it was: nothing is to be done, and the failure was another one's

    assert "Model (AWS::SageMaker::Model): Requested image " in str(failed.value)
    assert ":unknown not found." in str(failed.value)
    ends = [r.status for r in reports if r.status != "IN_PROGRESS"]
    assert ends == ["ROLLBACK_COMPLETE", "CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_COMPLETE"]


def test_a_missing_assembly_is_said_plainly(cloud: LocalCloud, tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match=r"manifest.json: missing; a cloud assembly is made by"):
        cloud.deploy(tmp_path)


def test_a_full_disk_refuses_changes_and_all_goes_on_when_there_is_room(cloud: LocalCloud) -> None:
    s3, sagemaker = cloud.client("s3"), cloud.client("sagemaker")
    s3.create_bucket(Bucket="full")
    s3.put_object(Bucket="full", Key="photo", Body=b"first")
    changes: list[Callable[[], Any]] = [
        lambda: s3.put_object(Bucket="full", Key="photo", Body=b"second"),
        lambda: sagemaker.create_model_package_group(ModelPackageGroupName="styles"),
    ]
    cloud.faults.set_room(1_000_000)
    for change in changes:
        with pytest.raises(ClientError, match="disk of the local cloud is full") as refused:
            change()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert s3.get_object(Bucket="full", Key="photo")["Body"].read() == b"first"
    cloud.faults.set_room(None)
    for change in changes:
        change()
    assert s3.get_object(Bucket="full", Key="photo")["Body"].read() == b"second"


@contextmanager
def no_file_grows(cloud: LocalCloud) -> Iterator[None]:
    """The server can write nothing."""
    server = psutil.Process(json.loads((cloud.run_dir / "server.json").read_text())["pid"])
    server.rlimit(psutil.RLIMIT_FSIZE, (0, psutil.RLIM_INFINITY))
    try:
        yield
    finally:
        server.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))


@pytest.mark.parametrize("versioned", [False, True])
def test_an_object_that_could_not_be_written_is_not_there(cloud: LocalCloud, versioned: bool) -> None:
    s3, bucket = cloud.client("s3"), f"unwritten-{versioned}".lower()
    s3.create_bucket(Bucket=bucket)
    if versioned:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="old", Body=b"first")
    with no_file_grows(cloud):
        for key in ("old", "new"):
            with pytest.raises(ClientError) as refused:
                s3.put_object(Bucket=bucket, Key=key, Body=b"second")
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(each["Key"], each["IsLatest"]) for each in listed] == [("old", True)]
    assert s3.get_object(Bucket=bucket, Key="old")["Body"].read() == b"first"
    s3.put_object(Bucket=bucket, Key="new", Body=b"second", IfNoneMatch="*")


def test_an_execution_that_could_not_be_written_is_not_answered_as_started(cloud: LocalCloud) -> None:
    states = cloud.client("stepfunctions")
    definition = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}}})
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = cloud.client("iam").create_role(RoleName="waits", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    machine = states.create_state_machine(name="waits", definition=definition, roleArn=role)["stateMachineArn"]
    with no_file_grows(cloud), pytest.raises(ClientError) as refused:
        states.start_execution(stateMachineArn=machine, name="unwritten")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    states.start_execution(stateMachineArn=machine, name="written")
