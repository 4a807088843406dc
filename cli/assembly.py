"""A stage's templates, synthesized when something that they are made of has changed."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from cli.cdk import ROOT
from cli.errors import CommandError
from local.holding import end_leftovers
from local.sizes import ASSEMBLY, remove

_SOURCES = (
    "app.py", "cdk.json", "contracts", "diffusion", "imaging", "inference", "infra", "lambdas", "models", "training",
    "requirements.lock", ".venv/lambda-packages/requirements.lock",
)  # fmt: skip
"""What templates and assets are made of, below ROOT."""

_STAGED, _BRIDGE = "synthesis-", "jsii"
_FULL = re.compile(".*(?:ENOSPC|No space left on device).*")


class SynthesisError(CommandError):
    """``app.py`` did not write its templates; the text is the end of what it printed."""


def fingerprint(stage: str) -> str:
    """Another text whenever a file has changed of which the templates of ``stage`` are made, by size and date."""
    digest = hashlib.sha256(f"{stage}\n{sys.version}".encode())
    for path in sorted(path for name in _SOURCES for path in _files(ROOT / name)):
        status = path.stat()
        digest.update(f"{path}\n{status.st_size}\n{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(folder) / name for name in names)


def synthesize(out: Path, stage: str, region: str) -> Path:
    """Run ``app.py`` for ``stage`` in ``region`` and put what it writes into ``out``. Raises SynthesisError.

    Assets of earlier times stay there, until ``drop_old_assets``: images that were made of them still run.
    """
    for path in out.parent.glob(f"{_STAGED}*"):  # of one that was killed
        end_leftovers(path)
        shutil.rmtree(path)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=_STAGED) as temporary:
        made = Path(temporary) / ASSEMBLY
        # Node.js takes CDK's bridge, which is unpacked here, for what the next package.json above says: this checkout's says modules.
        (Path(temporary) / "package.json").write_text("{}", encoding="utf-8")
        context = json.dumps({"stage": stage, "region": region})
        environment = {**os.environ, "CDK_OUTDIR": str(made), "CDK_CONTEXT_JSON": context, "TMPDIR": temporary}
        # `make templates` validates the templates of every stage; here that would take as long as synthesis itself.
        environment["CDK_VALIDATION"] = "false"
        if not os.access(Path.home(), os.W_OK):  # where CDK's bridge unpacks its packages, once
            environment.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(out.parent / _BRIDGE))
        command = [sys.executable, str(ROOT / "app.py")]
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if result.returncode:
            printed = result.stdout + result.stderr
            if full := _FULL.findall(printed):
                raise SynthesisError(f"the disk of {out.parent} is full: {full[-1].strip()}")
            raise SynthesisError(f"app.py ended with {result.returncode}:\n{printed[-4_000:]}")
        _add(made, out)
    return out


def made_in(folder: Path) -> list[Path]:
    """What synthesis has made in ``folder``, whether it ended or not; some of it may not be there."""
    return [folder / ASSEMBLY, folder / _BRIDGE, *folder.glob(f"{_STAGED}*")]


def _add(made: Path, out: Path) -> None:
    """Move what was made into ``out``, an asset as a whole or not at all; its name is that of its content."""
    out.mkdir(exist_ok=True)
    for entry in sorted(made.iterdir(), key=lambda path: path.name == "manifest.json"):
        place = out / entry.name
        if entry.is_dir() and place.exists():
            if entry.name.startswith("asset."):
                continue
            shutil.rmtree(place)
        entry.replace(place)


def drop_old_assets(out: Path, images: Collection[str]) -> None:
    """Remove the assets in ``out`` that its templates do not name, but for those of which ``images``, by their tags, were made."""
    manifests = "".join(path.read_text(encoding="utf-8") for path in out.rglob("*.assets.json"))
    for path in out.glob("asset.*"):
        _, tag, *_ = path.name.split(".")
        if path.name not in manifests and tag not in images:
            remove(path)
