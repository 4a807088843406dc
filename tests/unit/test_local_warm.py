"""Containers forked from a process that has imported what they import: what they are is what a plain start makes them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import Any

import psutil
import pytest

from local.sagemaker.containers import Container, ContainerSpec
from local.sagemaker.dockerfile import ImagePlan
from local.sagemaker.images import Image
from local.sagemaker.warm import WarmParent, WarmProcess, warm_parent
from local.server import child_environment

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked warm on Linux only")

PROBE = """
import json, os, random, signal, sys, tempfile, threading
handlers = {str(number): str(signal.getsignal(number)) for number in signal.valid_signals()}
print(json.dumps({
    "ahead": "pkg.ahead" in sys.modules, "random": random.random(),
    "environment": dict(os.environ), "arguments": sys.argv, "original": sys.orig_argv, "path": sys.path, "flags": str(sys.flags),
    "folder": os.getcwd(), "own session": os.getsid(0) == os.getpid(), "handlers": handlers,
    "blocked": [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
    "open": sorted(os.listdir("/proc/self/fd"))[:-1], "input": os.readlink("/proc/self/fd/0"), "threads": threading.active_count(),
    "temporary": tempfile.gettempdir(), "name": __name__, "spec": __spec__.name, "encoding": sys.stdout.encoding, "umask": os.umask(0),
}))
sys.exit(3)
"""
WAITING = "import sys; print('here', flush=True); sys.stdin.close(); import time; time.sleep(600)"


class Logs:
    """Keeps no line: the container's own file does."""

    def __getattr__(self, _: str) -> Any:
        return lambda **_: None


@pytest.fixture
def image(tmp_path: Path) -> Image:
    """An image that holds a package with a probe and a module ``ahead``."""
    package = tmp_path / "image" / "opt" / "pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("import sys; exec(sys.argv[1])", encoding="utf-8")
    (package / "ahead.py").write_text("import tempfile; tempfile.gettempdir()", encoding="utf-8")
    plan = ImagePlan(entrypoint=["python", "-m", "pkg"], environment={"PYTHONPATH": "/opt", "SETTING": "1"})
    return Image(root=tmp_path / "image", plan=plan)


@pytest.fixture
def warm(image: Image, tmp_path: Path) -> Iterator[WarmParent]:
    parent = warm_parent(image.plan.entrypoint, image.environment(tmp_path), tmp_path / "warm")
    assert parent
    yield parent
    parent.end()


def _run(image: Image, warm: WarmParent | None, root: Path, code: str, **environment: str) -> tuple[int, str]:
    """The exit code and the output of a container that runs ``code``."""
    spec = ContainerSpec(
        image=Image(root=image.root, plan=image.plan, warm=warm),
        command=image.command(None, [code]),
        environment=environment,
        root=root,
        log_group="g",
        log_stream="s",
    )
    codes: Queue[int] = Queue()
    Container(spec, Logs()).start(on_exit=codes.put)
    return codes.get(timeout=60), (root / "output.log").read_text(encoding="utf-8")


def _waiting(warm: WarmParent, image: Image, folder: Path) -> WarmProcess:
    environment = image.environment(folder)
    process = warm.start(image.command(None, [WAITING]), environment, folder)
    assert process
    with process.stdout:
        assert process.stdout.readline() == "here\n"
    return process


def test_a_forked_container_is_what_a_plain_start_makes_it(image: Image, warm: WarmParent, tmp_path: Path) -> None:
    (plain_code, plain_output), (code, output), (_, again) = (
        _run(image, parent, tmp_path / "job", PROBE, ATELIER_MODE="a", AWS_REGION="eu-west-1")
        for parent in (None, warm, warm)
    )

    forked, plain = json.loads(output.splitlines()[1]), json.loads(plain_output)
    assert code == plain_code == 3
    assert forked.pop("ahead")
    assert not plain.pop("ahead")
    assert len({plain.pop("random"), forked.pop("random"), json.loads(again.splitlines()[2])["random"]}) == 3
    assert forked == plain
    assert forked["environment"]["ATELIER_MODE"] == "a"
    assert forked["folder"] == str(tmp_path / "job")
    assert forked["own session"]


def test_what_a_library_may_have_read_while_it_was_imported_is_not_forked_with(
    image: Image, warm: WarmParent, tmp_path: Path
) -> None:
    other = {**image.environment(tmp_path), "SETTING": "2"}
    more = {**image.environment(tmp_path), "TORCH_LOGS": "all"}
    command = image.command(None, ["0"])

    assert warm.start(command, other, tmp_path) is None
    assert warm.start(command, more, tmp_path) is None
    assert warm.start([sys.executable, "-m", "other"], image.environment(tmp_path), tmp_path) is None
    assert json.loads(_run(image, warm, tmp_path / "job", PROBE, SETTING="2")[1])["ahead"] is False


def test_the_system_shows_what_a_forked_container_was_started_with(
    image: Image, warm: WarmParent, tmp_path: Path
) -> None:
    process = _waiting(warm, image, tmp_path)

    shown = psutil.Process(process.pid)
    assert [word for word in shown.cmdline() if word] == [sys.executable, "-m", "pkg", WAITING]
    assert shown.environ().items() >= image.environment(tmp_path).items()
    assert "ATELIER_ROOM" not in shown.environ()


def test_killing_one_container_leaves_the_others_and_the_next(image: Image, warm: WarmParent, tmp_path: Path) -> None:
    first, second = (_waiting(warm, image, tmp_path) for _ in range(2))

    os.kill(first.pid, signal.SIGKILL)

    assert first.wait(30) == -signal.SIGKILL
    assert psutil.Process(second.pid).is_running()
    third = _waiting(warm, image, tmp_path)
    second.terminate()
    assert second.wait(30) == -signal.SIGTERM
    with pytest.raises(subprocess.TimeoutExpired):
        third.wait(0)
    os.killpg(third.pid, signal.SIGKILL)
    assert third.wait(30) == -signal.SIGKILL


def test_without_its_parent_a_container_ends_and_the_next_ones_are_started_the_plain_way_and_then_warm(
    image: Image, warm: WarmParent, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    process = _waiting(warm, image, tmp_path)

    psutil.Process(process.pid).parent().kill()  # type: ignore[union-attr]

    assert process.wait(30) == -signal.SIGKILL
    outputs = [json.loads(_run(image, warm, tmp_path / name, PROBE)[1]) for name in ("plain", "warm")]
    assert [each["ahead"] for each in outputs] == [False, True]
    assert "pkg: its warm process is gone; a container is started the plain way" in caplog.text


def test_an_import_that_fails_is_not_tried_again(
    image: Image, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (image.root / "opt" / "pkg" / "ahead.py").write_text("raise ImportError('no such library')", encoding="utf-8")
    parent = warm_parent(image.plan.entrypoint, image.environment(tmp_path), tmp_path / "warm")

    outputs = [json.loads(_run(image, parent, tmp_path / str(n), PROBE)[1]) for n in range(3)]

    assert not any(each["ahead"] for each in outputs)
    assert capfd.readouterr().err.count("ImportError: no such library") == 1


def test_a_module_that_starts_threads_is_not_forked_from(image: Image, tmp_path: Path) -> None:
    text = "import threading, time; threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    (image.root / "opt" / "pkg" / "ahead.py").write_text(text, encoding="utf-8")
    parent = warm_parent(image.plan.entrypoint, image.environment(tmp_path), tmp_path / "warm")

    assert json.loads(_run(image, parent, tmp_path / "job", PROBE)[1])["ahead"] is False


def test_only_images_that_say_what_they_import_have_one(image: Image, tmp_path: Path) -> None:
    (image.root / "opt" / "pkg" / "ahead.py").unlink()

    assert warm_parent(["python", "-m", "pkg"], image.environment(tmp_path), tmp_path / "warm") is None
    assert warm_parent(["serve"], image.environment(tmp_path), tmp_path / "warm") is None


@pytest.mark.parametrize(("given", "threads"), [({}, "1"), ({"OMP_NUM_THREADS": "3"}, "3")])
def test_containers_have_one_thread_each_unless_the_environment_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], threads: str
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    assert child_environment()["OMP_NUM_THREADS"] == threads


def test_what_the_training_image_imports_ahead_starts_no_thread() -> None:
    places = {"PYTHONPATH": f"{ROOT}:{ROOT / 'training'}", "PATH": os.environ["PATH"]}
    one = {
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "4",
    }  # OpenBLAS ends its threads at a fork, and begins them anew
    code = "import atelier_training.ahead, os; print(len(os.listdir('/proc/self/task')))"

    result = subprocess.run(
        [sys.executable, "-c", code], env=places | one, capture_output=True, text=True, check=True, timeout=120
    )

    assert result.stdout == "1\n"
