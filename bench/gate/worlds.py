"""The world that defects are planted in: the templates of a stage, synthesized once, and a copy of the sources that the gate reads."""

import shutil
from pathlib import Path

from aws_cdk import App

from bench.gate.mutant import World
from bench.gate.stages import tabled
from infra.application import add_stacks, feature_flags
from infra.components.image import REPOSITORY_ROOT
from infra.config import STAGES
from infra.gate.assembly import Assembly

_COPIED = (
    "atelier",
    "cli",
    "contracts",
    "docs",
    "infra",
    "lambdas",
    "models",
    "training",
    "inference",
    "diffusion",
    "imaging",
)
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "weights", "*.safetensors", "*.png")


def world_of(stage: str, folder: Path) -> World:
    """Synthesize ``stage`` below ``folder`` and copy the sources there."""
    app = App(context=feature_flags(), outdir=str(folder / "cdk.out"), builtin_cloud_formation_validation=False)
    with tabled(stage):
        add_stacks(app, STAGES[stage])
        app.synth()
    return World(assembly=Assembly.read(stage, folder / "cdk.out"), root=copied_sources(folder / "sources"))


def copied_sources(root: Path) -> Path:
    """What the gate reads of the repository, copied to ``root``."""
    for name in _COPIED:
        shutil.copytree(REPOSITORY_ROOT / name, root / name, ignore=_NOT_COPIED, dirs_exist_ok=True)
    for file in (path for path in REPOSITORY_ROOT.iterdir() if path.is_file()):
        shutil.copy(file, root / file.name)
    return root
