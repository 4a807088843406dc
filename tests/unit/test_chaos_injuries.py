"""What the chaos suite does to processes happens to them, and ends."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from unittest.mock import MagicMock

import psutil
import pytest

from local.durable import Durable
from local.errors import LocalCloudError
from local.faults import Fault, Faults
from local.sagemaker.async_inference import TABLE
from local.sagemaker.async_requests import AsyncRequest
from tests.chaos import restarts
from tests.chaos.gathering import left
from tests.chaos.injuries import Injuries, orphans
from tests.chaos.model_runs import finished, unanswered
from tests.chaos.schedule import Act

JOB = """
import sys
for line in sys.stdin:
    try:
        with open(line.strip(), "a") as file:
            file.write("x")
    except OSError as error:
        print(error.errno, flush=True)
    else:
        print("written", flush=True)
"""
EFBIG = "27"


@pytest.fixture
def job(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that looks like a job, writes to the file that it is told, and says how that went."""
    command = [sys.executable, "-c", JOB, "atelier_training", str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture
def injuries(tmp_path: Path) -> Injuries:
    return Injuries(folder=tmp_path, faults=Faults(tmp_path))


def act(kind: str, **detail: object) -> Act:
    return Act(at=0, kind=kind, dice=0, detail=detail)


def written(job: "subprocess.Popen[str]", place: Path) -> str:
    assert job.stdin
    assert job.stdout
    print(place, file=job.stdin, flush=True)
    return job.stdout.readline().strip()


def test_a_killed_process_is_dead_and_one_that_stood_still_goes_on(
    job: "subprocess.Popen[str]", injuries: Injuries, tmp_path: Path
) -> None:
    injuries.injure(act("kill", process="job", signal="STOP", seconds=0.01))
    assert written(job, tmp_path / "file") == "written"
    injuries.injure(act("kill", process="model server", signal="KILL", seconds=0))
    assert job.poll() is None
    injuries.injure(act("kill", process="job", signal="KILL", seconds=0))
    assert job.wait(30) == -9
    assert injuries.heal() == {"job STOP": 1, "job KILL": 1}


def test_no_file_grows_on_a_full_disk_and_all_do_afterwards(
    job: "subprocess.Popen[str]", injuries: Injuries, tmp_path: Path
) -> None:
    assert written(job, tmp_path / "file") == "written"
    full = threading.Thread(target=injuries.injure, args=[act("disk", seconds=60)])
    full.start()
    while psutil.Process(job.pid).rlimit(psutil.RLIMIT_FSIZE)[0]:
        assert full.is_alive()
    assert written(job, tmp_path / "file") == EFBIG
    assert injuries.heal() == {"full disk": 1}
    full.join()
    assert written(job, tmp_path / "file") == "written"


def test_only_what_happened_counts(injuries: Injuries) -> None:
    for times in (2, 3):
        injuries.injure(act("switch", fault=Fault.THROTTLED, subject="s3:PutObject", times=times))
    assert injuries.faults.happens(Fault.THROTTLED, "s3:PutObject")
    assert injuries.heal() == {"throttled": 1}


def test_a_process_of_the_run_that_goes_on_is_an_orphan(job: "subprocess.Popen[str]", tmp_path: Path) -> None:
    (found,) = orphans(str(tmp_path), seconds=0)
    assert found.startswith(f"{job.pid} ")
    job.kill()
    job.wait()
    assert orphans(str(tmp_path), seconds=0) == []


def test_a_prediction_is_painted_as_often_as_servers_say_that_they_answered_it(tmp_path: Path) -> None:
    folder = tmp_path / "endpoints" / "shared" / "AllTraffic-1"
    folder.mkdir(parents=True)
    answered = '{"message": "request", "id": "p1", "status": %d}\n'
    (folder / "output.log").write_text(f"loading\n{answered % 200}{answered % 400}{answered % 200}{{", encoding="utf-8")
    assert finished(tmp_path) == {"p1": 2}


def test_an_answer_is_cut_off_that_is_neither_in_s3_nor_told(tmp_path: Path) -> None:
    durable = Durable(tmp_path / "state")
    asked = {
        name: AsyncRequest.new({"InferenceId": name}, {"S3OutputPath": "s3://b/o"}) for name in ("cut", "kept", "told")
    }
    asked["told"].message = {"invocationStatus": "Failed"}
    for number, request in enumerate(asked.values()):
        durable.table(TABLE).put(str(number), asdict(request))
    durable.close()
    answer = tmp_path / "s3" / "account" / asked["kept"].output.removeprefix("s3://")
    answer.parent.mkdir(parents=True)
    answer.touch()

    assert unanswered(tmp_path) == {"cut"}


def test_a_start_that_a_full_disk_refused_is_tried_again_and_at_last_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restarts, "_START_PAUSES_SECONDS", (0.0, 0.0))
    cloud = MagicMock()
    cloud.__enter__.side_effect = [LocalCloudError("full"), cloud]
    restarts.Restarts(cloud=cloud)._start()
    assert cloud.__enter__.call_count == 2
    cloud.__enter__.side_effect = LocalCloudError("full")
    with pytest.raises(LocalCloudError):
        restarts.Restarts(cloud=cloud)._start()


def test_the_folder_of_one_killed_worker_may_wait_for_its_function_s_next_call_and_a_second_is_left() -> None:
    mirror, gate = "ministack-lambda-Mirror-a_1", "ministack-lambda-Gate-b_2"
    assert list(left([mirror, gate], f"python {gate}/_worker.py")) == []
    assert list(left([mirror, "ministack-lambda-Mirror-c_3", gate], "")) == ["ministack-lambda-Mirror-c_3"]
