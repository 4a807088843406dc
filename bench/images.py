"""Build both images with buildah, as far as they are ours, and start ``train`` and ``serve`` inside.

What AWS's base image brings, an image of this machine stands for: its Linux, its Python, and torch. Everything after ``FROM`` is the
Dockerfiles' own: the locked packages are fetched and loaded, and the entry points run as SageMaker starts them. Needs buildah and root.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from tests.unit.miniatures import save_inpainter
from tests.unit.training_root import write_training

ROOT = Path(__file__).resolve().parent.parent
BASE = "localhost/atelier-base"
PACKAGES = Path(torch.__file__).parents[1]
TORCH = ("torch", "torchgen", "functorch", "sympy", "networkx", "mpmath")
"""torch and what it needs besides the packages that the locks bring."""

PORT = 18_080
START_SECONDS = 120


def main() -> None:
    """Build the base and both images, and start each; the first thing that fails ends it with what it printed."""
    parser = argparse.ArgumentParser(prog="python -m bench.images", description=__doc__)
    parser.add_argument(
        "--mount", action="append", default=[], help="a path of this machine that pip needs in the build"
    )
    extra = parser.parse_args().mount
    with tempfile.TemporaryDirectory() as folder:
        _timed("base", lambda: build_base(Path(folder)))
        for name in ("training", "inference"):
            _timed(f"build {name}", lambda name=name: build(name, extra))
        _timed("train", lambda: train(Path(folder)))
        _timed("serve", lambda: serve(Path(folder)))


def build_base(folder: Path) -> None:
    """An image that holds a virtual environment with torch; the rest of its file system is this machine's, mounted when it runs."""
    with _container("scratch") as container:
        root = Path(_buildah("mount", container))
        for name in ("bin", "lib", "lib64", "sbin"):
            (root / name).symlink_to(f"usr/{name}")
        for name in ("usr", "etc", "tmp", "opt/torch"):
            (root / name).mkdir(parents=True)
        (root / "tmp").chmod(0o1777)
        for name in ("passwd", "group", "ld.so.cache"):
            shutil.copy(Path("/etc") / name, root / "etc")
        python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
        subprocess.run([python, "-m", "venv", root / "opt/venv"], check=True)
        for name in (*TORCH, *(path.name for path in PACKAGES.glob("torch-*.dist-info"))):
            (root / "opt/torch" / name).symlink_to(PACKAGES / name)
        next(root.glob("opt/venv/lib/python*/site-packages")).joinpath("torch.pth").write_text("/opt/torch\n")
        _buildah("config", "--env", "PATH=/opt/venv/bin:/usr/bin:/bin", container)
        _buildah("commit", "--quiet", container, BASE)


def build(name: str, extra: Sequence[str]) -> None:
    """Build an image on the base."""
    words = ("build", "--isolation", "chroot", *_mounts(extra), "--build-arg", f"BASE_IMAGE={BASE}")
    _buildah(*words, "--file", f"{name if name == 'training' else 'inference'}/Dockerfile", "--tag", _tag(name), ".")


def train(folder: Path) -> None:
    """Fine-tune a miniature for a few steps, as a training job."""
    paths = write_training(folder / "train")
    with _container(_tag("training")) as container:
        _buildah(*_run(container, paths.root, "train"))
    assert (paths.model / "manifest.json").is_file(), "train left no manifest"


def serve(folder: Path) -> None:
    """Serve a miniature, as an endpoint's container, until it has painted a picture."""
    save_inpainter(folder / "serve/model")
    with _container(_tag("inference")) as container:
        command = ["buildah", *_run(container, folder / "serve", "serve")]
        process = subprocess.Popen(command, start_new_session=True)
        try:
            _wait_until_loaded(process)
            answer = _post({"mode": "text_to_image", "prompt": "a skirt", "num_inference_steps": 1})
            assert answer["images"], answer
        finally:
            os.killpg(process.pid, 15)
            process.wait()


def _tag(name: str) -> str:
    return f"localhost/atelier-{name}"


def _run(container: str, root: Path, command: str) -> list[str]:
    """The image's own entry point with SageMaker's argument, its ``/opt/ml`` being ``root``."""
    entry = json.loads(_buildah("inspect", "--type", "container", container))["OCIv1"]["config"]["Entrypoint"]
    port = ("--env", f"SAGEMAKER_BIND_TO_PORT={PORT}")
    words = ("run", "--isolation", "chroot", *port, *_mounts(), "--volume", f"{root}:/opt/ml", container, "--")
    return [*words, *entry, command]


def _mounts(extra: Sequence[str] = ()) -> list[str]:
    places = dict.fromkeys(("/usr", sys.base_prefix, str(PACKAGES), "/etc/ssl", *extra))
    return [word for place in places for word in ("--volume", f"{place}:{place}:ro")]


@contextmanager
def _container(image: str) -> Iterator[str]:
    container = _buildah("from", image)
    try:
        yield container
    finally:
        _buildah("rm", container)


def _buildah(*words: str) -> str:
    """What buildah prints. Raises RuntimeError with its last words."""
    result = subprocess.run(["buildah", *words], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if result.returncode:
        raise RuntimeError(f"buildah {words[0]}: {(result.stdout + result.stderr)[-4_000:]}")
    return result.stdout.strip()


def _wait_until_loaded(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"serve ended with {process.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/ping")
            return
        except urllib.error.URLError:
            time.sleep(0.5)
    raise RuntimeError(f"serve: no model after {START_SECONDS} s")


def _post(request: dict[str, Any]) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    body = json.dumps(request).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{PORT}/invocations", data=body, headers=headers)
    with urllib.request.urlopen(asked) as answer:
        value: dict[str, Any] = json.load(answer)
        return value


def _timed(what: str, act: Any) -> None:
    begin = time.monotonic()
    act()
    print(f"✓ {what:<16} {time.monotonic() - begin:.0f} s", flush=True)


if __name__ == "__main__":
    main()
