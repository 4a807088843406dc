"""The container's command as a process: it starts, answers, finishes what is open at SIGTERM, and fails loudly."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from atelier_inference.__main__ import main, serve
from atelier_inference.settings import Settings
from atelier_inference.waiting import CLOSED
from contracts.errors import InvalidInputError
from tests.unit.miniatures import save_inpainter


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def signals() -> Iterator[None]:
    """The server takes SIGTERM and SIGINT for itself; give them back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def logs() -> Iterator[None]:
    """The command sets the log up for the whole process; put it back."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    yield
    root.handlers[:] = kept
    root.setLevel(level)
    logging.captureWarnings(False)


def wait_for(port: int, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/ping").status_code == 200:
                return
        except httpx2.ConnectError:
            time.sleep(0.2)
    raise AssertionError(f"no server: {process.communicate()[0]}")


def begin(port: int, body: dict[str, Any]) -> HTTPConnection:
    """Send a request without waiting for the answer."""
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", "/invocations", json.dumps(body), {"Content-Type": "application/json"})
    # The server reads its connections in order: once these are answered, it has the request above.
    assert [httpx2.get(f"http://127.0.0.1:{port}/ping").status_code for _ in range(3)] == [200] * 3
    return connection


SECRET = "zebra"
"""A word of every prompt below, in every kind of answer; the log has none of them."""
TALES: tuple[tuple[int, dict[str, Any]], ...] = (
    (200, {"mode": "text_to_image", "prompt": f"a {SECRET} " * 40, "negative_prompt": f"no {SECRET} " * 40}),
    (400, {"mode": "text_to_image", "prompt": f"a {SECRET}", "adapter": "skirt"}),
    (400, {"mode": "text_to_image", "prompt": f"a {SECRET}", SECRET: 1, "seed": SECRET}),
    (400, {"mode": SECRET, "prompt": [SECRET]}),
    (400, {"mode": "segment", "image": SECRET, "mask_prompt": SECRET}),
    (400, {"mode": "inpaint", "prompt": SECRET, "image": f"s3://{SECRET}/a.png", "mask": f"data:{SECRET}"}),
    (400, {"mask_image": SECRET, "prompt": SECRET, "image": SECRET}),
    (400, {"prompt": f"a {SECRET}", "batch_size": SECRET, "width": 64}),
)


def test_work_is_dropped_whose_caller_left_and_what_is_open_at_sigterm_is_answered_before_the_process_ends_in_order(
    root: Path, tmp_path: Path
) -> None:
    save_inpainter(tmp_path / "model")
    port = free_port()
    path = os.pathsep.join([str(root), str(root / "inference")])
    environment = {
        **os.environ,
        **{"ATELIER_ML_ROOT": str(tmp_path), "SAGEMAKER_BIND_TO_PORT": str(port), "ATELIER_HOST": "127.0.0.1"},
        **{"TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1", "PYTHONPATH": path},
    }
    command = [sys.executable, "-m", "atelier_inference", "serve"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_for(port, process)
        sockets = psutil.Process(process.pid).net_connections("inet")
        assert {found.laddr.ip for found in sockets if found.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
        for status, tale in TALES:
            told = httpx2.post(f"http://127.0.0.1:{port}/invocations", json={**tale, "num_inference_steps": 1})
            assert told.status_code == status, told.text
        body = {"mode": "text_to_image", "prompt": f"a {SECRET}", "num_inference_steps": 100, "seed": 1}
        given_up = begin(port, {**body, "num_inference_steps": 500, "num_outputs": 8})
        given_up.close()
        connection = begin(port, body)
        process.send_signal(signal.SIGTERM)
        assert connection.getresponse().status == 200
        connection.close()
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, output
    assert not list(tmp_path.glob("atelier-*"))
    *others, canceled, answered = (
        json.loads(line) for line in output.splitlines() if '"mode": "text_to_image"' in line
    )
    assert len(others) == 2
    assert SECRET not in output.lower()
    assert canceled["canceled"] == CLOSED
    assert answered["status"] == 200


@pytest.mark.usefixtures("signals")
def test_a_process_whose_model_cannot_be_loaded_ends_with_1(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert serve(Settings(model=tmp_path / "nothing", port=free_port()), tmp_path) == 1
    assert any(record.exc_info and record.exc_info[0] is InvalidInputError for record in caplog.records)


@pytest.mark.usefixtures("logs")
def test_bad_settings_end_with_1_and_wrong_usage_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ATELIER_ADAPTER_MIB", "many")
    assert main(["serve"]) == 1
    assert "ATELIER_ADAPTER_MIB" in capsys.readouterr().out
    assert main([]) == 2
    assert "usage: python -m atelier_inference serve" in capsys.readouterr().err
