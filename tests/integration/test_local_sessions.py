"""A second session of the command beside a running one: it ends at once, says who is there, and changes nothing of the first one's."""

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import main
from local.cloud import LocalCloud
from tests.integration import local_toy
from tests.integration.local_toy import until


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that both sessions are told to use."""
    return tmp_path_factory.mktemp("session")


@pytest.fixture(scope="module")
def first(out: Path) -> Iterator[LocalCloud]:
    """What a first session started in it, with an object in a bucket, and a training under way, which ends well whatever comes."""
    with LocalCloud(out / "run" / "cloud") as cloud:
        cloud.deploy(local_toy.write_assembly(out.parent / "toy", {"Toy": local_toy.base_template()}))
        local_toy.start_job(cloud, "loops")
        cloud.client("s3").create_bucket(Bucket="first")
        cloud.client("s3").put_object(Bucket="first", Key="photo", Body=b"kept")
        yield cloud
        sagemaker = cloud.client("sagemaker")
        assert sagemaker.describe_training_job(TrainingJobName="loops")["SecondaryStatus"] == "Training"
        sagemaker.stop_training_job(TrainingJobName="loops")
        until(lambda: sagemaker.describe_training_job(TrainingJobName="loops")["TrainingJobStatus"] == "Stopped", cloud)
        key = "models/loops/output/model.tar.gz"
        assert cloud.client("s3").get_object(Bucket=cloud.outputs("Toy")["Bucket"], Key=key)["Body"].read()


@pytest.fixture(autouse=True)
def _no_synthesis(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(*_: object) -> None:
        raise AssertionError("the session went on to synthesis")

    monkeypatch.setattr("cli.session.synthesize", too_late)


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder but the server's log and tables, which go on."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not {"logs", "state"} & set(path.parts)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.mark.parametrize("words", [["local"], ["demo"], ["pretrain", "figures", "--dataset", "drawn"]])
def test_a_second_session_in_the_same_folder_leaves_the_first_ones_data_alone(
    words: list[str], out: Path, first: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(out)

    assert main([*words, "--out", str(out)]) == 1

    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert re.search(rf"{out}/run/cloud is held by pid {os.getpid()} \(.+\); .*use another --out", said[0])
    assert files(out) == before
    assert first.client("s3").get_object(Bucket="first", Key="photo")["Body"].read() == b"kept"


def test_what_is_under_way_is_said(out: Path, first: LocalCloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--out", str(out)]) == 0
    said = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert said["runs"].startswith(f"yes, pid {os.getpid()} (")
    assert said["address"] == f"{first.url} (us-east-1)"
    assert [said[name] for name in ("jobs", "endpoints", "servers", "queue")] == ["loops", "none", "none", "0 requests"]


def test_a_port_that_another_local_cloud_has_is_said_with_its_command_and_folder(
    out: Path, first: LocalCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = first.url.rpartition(":")[2]

    assert main(["local", "--out", str(tmp_path), "--port", port]) == 1

    (said,) = capsys.readouterr().err.splitlines()
    assert f"port {port} is taken by pid {os.getpid()} (" in said
    assert f"a local cloud in {out}/run/cloud; use another --port" in said
    assert first.client("s3").get_object(Bucket="first", Key="photo")["Body"].read() == b"kept"


def test_a_port_that_another_program_has_is_said_with_its_pid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert main(["demo", "--out", str(tmp_path), "--port", str(port)]) == 1

    (said,) = capsys.readouterr().err.splitlines()
    assert f"port {port} is taken by pid {os.getpid()} (" in said
