"""The local cloud of a folder is looked at, stopped and removed from another terminal."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from cli.assembly import SynthesisError, synthesize
from cli.interrupts import interrupted_by_signals
from cli.main import main
from infra.config import STAGES
from infra.settings.placement import Placement
from local.durable import Durable
from local.errors import LocalCloudError
from local.faults import Faults
from local.holding import end_leftovers, hold_folder, holder, is_held
from local.preparation import prepare
from local.stamp import Stamp

ACCOUNT, REGION = "123456789012", "us-east-1"
SESSION = """
import os, pathlib, sys, time
sys.argv = ["atelier", "local"]
from cli.interrupts import interrupted_by_signals
from local.holding import hold_folder
with interrupted_by_signals(print), hold_folder(pathlib.Path(sys.stdin.readline().strip())):
    print("holds", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a cloud that has been up, with an object and an asset."""
    cloud = tmp_path / "run" / "cloud"
    (cloud / "s3").mkdir(parents=True)
    (tmp_path / "run" / "cdk.out").mkdir()
    (tmp_path / "run" / "cdk.out" / "asset.zip").write_bytes(b"x" * 400_000)
    (cloud / "s3" / "photo").write_bytes(b"x" * 1_500_000)
    Stamp(port=4700, account=ACCOUNT, region=REGION).write(cloud)
    return cloud


def test_what_is_kept_and_that_nothing_runs_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--out", str(folder.parent.parent)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^runs +no$", said, re.MULTILINE)
    assert re.search(r"^address +http://127.0.0.1:4700 \(us-east-1\)$", said, re.MULTILINE)
    assert "1.9 MB: objects 1.5 MB, assets 0.4 MB" in said


def test_the_same_is_said_to_programs_in_bytes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--out", str(folder.parent.parent), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["folder"], found["runs"], found["region"]) == (str(folder), False, REGION)
    assert found["address"] == "http://127.0.0.1:4700"
    assert found["bytes"]["objects"] == 1_500_000
    assert found["free_bytes"] > 0
    assert "queue" not in found


def test_a_cloud_that_does_not_run_cannot_be_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["down", "--out", str(tmp_path)]) == 1
    assert f"no local cloud runs in {tmp_path}/run/cloud" in capsys.readouterr().err


def test_a_session_that_ignores_ctrl_c_is_stopped_from_another_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make local &` in a script: the shell lets it ignore SIGINT, and `atelier down` waits until it is gone."""

    def ignore() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "preexec_fn": ignore}
    with subprocess.Popen([sys.executable, "-c", SESSION], **pipes) as session:  # type: ignore[call-overload]
        print(folder, file=session.stdin, flush=True)
        assert session.stdout.readline() == "holds\n"
        assert main(["clean", "--out", str(folder.parent.parent)]) == 1
        assert f"held by pid {session.pid} (atelier local)" in capsys.readouterr().err
        assert main(["down", "--out", str(folder.parent.parent)]) == 0
        assert "Stopping (SIGTERM)." in session.stdout.read()
    assert (folder / "s3" / "photo").exists()


@pytest.mark.parametrize("note", ["", "no JSON", '{"who": 1}', '{"pid": "9999999", "command": "atelier local"}'])
def test_a_lock_that_does_not_say_who_holds_it_is_no_reason_to_fail(
    note: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "cloud.json").unlink()
    with hold_folder(folder) as lock:
        (folder / "lock").write_text(note, encoding="utf-8")
        assert main(["status", "--out", str(folder.parent.parent)]) == 0
        assert re.search(r"^runs +yes, (a process that|pid 9999999)", capsys.readouterr().out, re.MULTILINE)
        with pytest.raises(LocalCloudError, match="allowed: one local cloud a folder"):
            hold_folder(folder)
        held = holder(folder)
        assert held is not None
        assert held.process == psutil.Process()
        assert lock.readable()


def test_a_process_is_not_ended_because_it_has_the_pid_of_one_that_held_the_folder(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In another container the same pid is another process; and who started the cloud may be gone before what he started is."""
    with subprocess.Popen(["sleep", "600"]) as innocent, subprocess.Popen(["sleep", "600"]) as unseen:
        (folder / "lock").write_text(json.dumps({"pid": innocent.pid, "command": "atelier local"}), encoding="utf-8")
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            inherited = subprocess.Popen(["sleep", "600"], pass_fds=[lock.fileno()])
        assert main(["down", "--out", str(folder.parent.parent)]) == 0
        assert inherited.wait() == -signal.SIGTERM
        assert innocent.poll() is unseen.poll() is None
        innocent.kill()
        unseen.kill()


def test_a_shell_in_the_folder_is_none_of_the_clouds_processes(folder: Path) -> None:
    with subprocess.Popen(["sleep", "600"], cwd=folder) as shell:
        ours = subprocess.Popen(["sleep", "600"], cwd="/", env={**os.environ, "TMPDIR": str(folder / "tmp")})
        with hold_folder(folder):
            end_leftovers(folder)
        assert ours.wait() == -signal.SIGKILL
        assert shell.poll() is None
        shell.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_signals_end_a_session_also_where_they_are_ignored(number: signal.Signals) -> None:
    said: list[str] = []
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with pytest.raises(KeyboardInterrupt), interrupted_by_signals(said.append):
            os.kill(os.getpid(), number)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)
    assert said == [f"\nStopping ({number.name})."]


def test_removing_says_how_much_is_free_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clean", "--out", str(folder.parent.parent)]) == 0
    assert "1.9 MB are free again" in capsys.readouterr().out
    assert list(folder.rglob("*")) == []


def test_only_what_is_the_clouds_is_removed(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The folder may have been put on another disk with a link, and somebody may keep files beside it."""
    big, run = tmp_path / "big", tmp_path / "run"
    folder.rename(big)
    folder.symlink_to(big)
    for place in (tmp_path, run, big):
        (place / "photos").mkdir()
    (run / "synthesis-killed").mkdir()

    assert main(["clean", "--out", str(tmp_path)]) == 0

    assert "Left there, since it is not the local cloud's: photos" in capsys.readouterr().out
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"photos", "big", "big/photos", "run", "run/photos", "run/cloud"}


def test_a_folder_in_which_no_local_cloud_has_been_is_not_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run" / "cloud" / "logs").mkdir(parents=True)
    assert main(["clean", "--out", str(tmp_path)]) == 1
    assert "no local cloud has been" in capsys.readouterr().err
    assert (tmp_path / "run" / "cloud" / "logs").exists()


def damage(name: str, content: bytes | None) -> Callable[[Path], None]:
    """Put something else in the place of a file; None removes it."""

    def change(folder: Path) -> None:
        (folder / name).unlink()
        if content is not None:
            (folder / name).write_bytes(content)

    return change


def cut(folder: Path) -> None:
    """Leave the first pages of the tables."""
    os.truncate(folder / "state" / "local.db", 8192)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (damage("cloud.json", None), "cloud.json: got no file"),
        (damage("cloud.json", b""), "cloud.json: got a damaged file"),
        (damage("state/local.db", None), "local.db: got no file"),
        (damage("state/local.db", b""), "local.db: got an empty file"),
        (damage("state/local.db", b"x" * 9000), "local.db: got file is not a database"),
        (cut, "local.db: got .+"),
    ],
)
def test_what_has_lost_a_file_is_refused_and_left_as_it_is(
    change: Callable[[Path], None], says: str, folder: Path
) -> None:
    durable = Durable(folder / "state")
    durable.table("things").put("one", "x" * 20_000)
    durable.close()
    change(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    with pytest.raises(LocalCloudError, match=f"{says}.*make local-clean"):
        prepare(folder, Stamp(account=ACCOUNT, region=REGION), port=None, fresh=False)

    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("command", [["demo"], ["pretrain", "figures", "--dataset", "drawn"]])
def test_what_the_local_cloud_keeps_is_not_removed_by_a_command_that_begins_in_an_empty_folder(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run" / "cloud"
    folder.mkdir(parents=True)
    stamp, _ = prepare(folder, Stamp(account=ACCOUNT, region=REGION), port=None, fresh=False)
    (folder / "s3").mkdir()
    assert main([*command, "--out", str(tmp_path)]) == 1
    assert "holds what `atelier local` keeps" in capsys.readouterr().err
    assert (folder / "s3").exists()
    replace(stamp, lasting=False).write(folder)
    prepare(folder, stamp, port=None, fresh=True)
    assert not (folder / "s3").exists()


def test_a_disk_without_room_is_said_before_anything_is_changed(folder: Path) -> None:
    Faults(folder).set_room(1000)
    before = sorted(folder.rglob("*"))
    with pytest.raises(LocalCloudError, match="disk of the local cloud is full"):
        prepare(folder, Stamp(account=ACCOUNT, region=REGION), port=None, fresh=False)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"format": 99, "ministack": "1.5.33"', "got a damaged file"),
        ('{"format": 99, "account": "1", "region": "us-east-1"}', "by a newer version: got format 99 with ministack"),
        ('{"ministack": "99.0", "account": "1", "region": "us-east-1"}', "got format 1 with ministack 99.0; allowed"),
    ],
)
def test_a_folder_that_this_version_cannot_read_is_refused(folder: Path, text: str, says: str) -> None:
    (folder / "cloud.json").write_text(text, encoding="utf-8")
    with pytest.raises(LocalCloudError, match=f"{says}.*make local-clean"):
        Stamp.read(folder)


def test_a_cloud_of_another_region_is_refused(folder: Path) -> None:
    stamp = Stamp.read(folder)
    assert stamp is not None
    stamp.require_place(folder, account=ACCOUNT, region=REGION)
    with pytest.raises(LocalCloudError, match="holds a cloud of 123456789012/us-east-1: got 123456789012/eu-west-1"):
        stamp.require_place(folder, account=ACCOUNT, region="eu-west-1")


@pytest.mark.parametrize("region", ["eu-west-1", "ap-northeast-2"])
@pytest.mark.parametrize("asked", [True, False], ids=["asked", "settings"])
def test_a_session_runs_where_it_is_asked_to_or_where_the_settings_of_its_stage_say(
    region: str, asked: bool, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder is of us-east-1, so that nothing starts and the sentence says which region was meant."""
    settings = Placement(region="eu-north-1" if asked else region)
    monkeypatch.setitem(STAGES, "local", STAGES["local"].placed(settings))
    words = ["--region", region] if asked else []
    assert main(["local", "--out", str(folder.parent.parent), *words]) == 1
    assert f"holds a cloud of {ACCOUNT}/{REGION}: got {ACCOUNT}/{region}; allowed" in capsys.readouterr().err


@pytest.mark.parametrize("region", ["eu-west-9", "cn-north-1", "Ireland"])
def test_a_region_that_aws_does_not_have_is_refused_with_those_that_it_has(
    region: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["local", "--region", region, "--out", str(tmp_path)]) == 1
    assert f"region: got '{region}'; allowed: af-south-1, ap-east-1, " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["local", "demo"])
def test_an_out_that_is_a_file_is_said_without_a_traceback(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main([command, "--out", str(tmp_path / "file")]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert str(tmp_path / "file") in said


def test_a_folder_that_was_moved_is_held_no_more(tmp_path: Path) -> None:
    folder = tmp_path / "cloud"
    with hold_folder(folder) as lock:
        assert is_held(folder, lock)
        folder.rename(tmp_path / "moved")
        assert not is_held(folder, lock)
        with hold_folder(folder) as other:
            assert is_held(folder, other)
            assert not is_held(folder, lock)


def test_a_disk_that_synthesis_fills_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "synthesis-killed").mkdir()
    orphan = subprocess.Popen(["sleep", "600"], env={**os.environ, "TMPDIR": str(tmp_path / "synthesis-killed")})
    (tmp_path / "app.py").write_text(
        "print('Traceback')\nraise OSError(28, 'No space left on device')", encoding="utf-8"
    )
    monkeypatch.setattr("cli.assembly.ROOT", tmp_path)
    with pytest.raises(SynthesisError) as failed:
        synthesize(tmp_path / "cdk.out", "local", REGION)
    assert str(failed.value) == f"the disk of {tmp_path} is full: OSError: [Errno 28] No space left on device"
    assert [path.name for path in tmp_path.iterdir()] == ["app.py"]
    assert orphan.wait() == -signal.SIGKILL


def test_only_this_user_can_read_what_a_session_writes(tmp_path: Path) -> None:
    with hold_folder(tmp_path / "cloud"):
        assert (tmp_path / "cloud").stat().st_mode & 0o077 == 0
