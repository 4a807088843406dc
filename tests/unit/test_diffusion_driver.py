"""Hosts with an older NVIDIA driver: the image's own library comes first, and only there."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from diffusion.driver import SEARCH_PATH, prefer_own_library
from diffusion.family import device_beside

CLOSED = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  Sun Oct 12 01:02:03 UTC 2025\nGCC version:  gcc version 7.3.1\n"
OPEN = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {}  Release Build  (root@builder)\nGCC version:  11.5.0\n"
)


class Host:
    """An image with the library of driver 610.43.02, on a host with the driver of this text."""

    def __init__(self, folder: Path, driver: str) -> None:
        self.library, self.driver = folder / "compat", folder / "version"
        self.library.mkdir()
        (self.library / "libcuda.so.1").symlink_to("libcuda.so.610.43.02")
        if driver:
            self.driver.write_text(driver)
        self.restarts: list[list[str]] = []

    def start(self) -> None:
        prefer_own_library(self.library, self.driver, self._restart)

    def _restart(self, program: str, arguments: Sequence[str]) -> None:
        assert program == arguments[0] == sys.executable
        self.restarts.append(list(arguments[1:]))


@pytest.fixture(autouse=True)
def _as_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "orig_argv", ["python", "-m", "atelier_training", "train"])
    monkeypatch.setenv(SEARCH_PATH, "/opt/amazon/efa/lib")


@pytest.mark.parametrize("text", [CLOSED, OPEN])
@pytest.mark.parametrize("version", ["470.256.02", "550.163.01", "610.9"])
def test_an_older_driver_restarts_the_command_with_the_images_library_first(
    tmp_path: Path, text: str, version: str
) -> None:
    host = Host(tmp_path, text.format(version))
    host.start()
    assert host.restarts == [["-m", "atelier_training", "train"]]
    assert os.environ[SEARCH_PATH] == f"{host.library}:/opt/amazon/efa/lib"
    host.start()
    assert len(host.restarts) == 1


@pytest.mark.parametrize("driver", ["", "no driver", OPEN.format("610.43.02"), CLOSED.format("1000.1")])
def test_a_newer_driver_or_none_is_left_alone(tmp_path: Path, driver: str) -> None:
    host = Host(tmp_path, driver)
    host.start()
    assert host.restarts == []
    assert os.environ[SEARCH_PATH] == "/opt/amazon/efa/lib"


def test_an_image_without_the_library_is_left_alone(tmp_path: Path) -> None:
    host = Host(tmp_path, OPEN.format("470.1"))
    (host.library / "libcuda.so.1").unlink()
    host.start()
    assert host.restarts == []


@pytest.mark.parametrize(
    ("device", "gpus", "beside"), [("cpu", 0, "cpu"), ("cuda:0", 1, "cuda:0"), ("cuda:0", 4, "cuda:1")]
)
def test_a_second_model_goes_to_a_second_gpu(
    device: str, gpus: int, beside: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    assert device_beside(device) == beside
