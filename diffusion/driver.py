"""The image's own CUDA driver library, for hosts whose NVIDIA driver is older than the image's CUDA.

AWS's base image brings it and its entry point, which ours replaces, decides by the same comparison whether to use it:
https://docs.aws.amazon.com/sagemaker/latest/dg/inference-gpu-drivers.html
"""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

COMPATIBLE = Path("/usr/local/cuda/compat")
HOST_DRIVER = Path("/proc/driver/nvidia/version")
SEARCH_PATH = "LD_LIBRARY_PATH"


def prefer_own_library(
    compatible: Path = COMPATIBLE,
    host_driver: Path = HOST_DRIVER,
    restart: Callable[[str, list[str]], object] = os.execv,
) -> None:
    """Restart this process so that it finds the image's library first, where the host's driver is older. Call it before torch is imported.

    Nothing happens without a GPU, without such a library, or the second time.
    """
    own, host = _own_version(compatible), _host_version(host_driver)
    places = [place for place in os.environ.get(SEARCH_PATH, "").split(":") if place]
    if own and host and host < own and str(compatible) not in places:
        # The dynamic linker reads the variable when a process starts, and not again.
        os.environ[SEARCH_PATH] = ":".join((str(compatible), *places))
        restart(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _own_version(compatible: Path) -> tuple[int, ...]:
    """``libcuda.so.1`` is a link to ``libcuda.so.610.43.02``; empty where there is none."""
    link = compatible / "libcuda.so.1"
    return _numbers(link.readlink().name.removeprefix("libcuda.so.")) if link.is_symlink() else ()


def _host_version(host_driver: Path) -> tuple[int, ...]:
    """The version in ``NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  …``; empty where there is no driver."""
    text = host_driver.read_text(encoding="utf-8") if host_driver.exists() else ""
    found = re.search(r"^NVRM version:.*?\s(\d+(?:\.\d+)+)\s", text, re.MULTILINE)
    return _numbers(found[1]) if found else ()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
