"""A pretraining job's folders as SageMaker lays them out, with a shipped tiny model as the base model."""

import json
import shutil
from pathlib import Path

from atelier_training.paths import MlPaths
from contracts.artifact import BaseManifest, hash_files, to_json

WEIGHTS = Path(__file__).parents[2] / "models" / "tiny" / "weights"
_BASES = {"unet": "inpaint", "vae": "inpaint", "segmenter": "clipseg"}
_FAMILIES = {"inpaint": "sd1", "clipseg": "clipseg"}


def write_job(root: Path, shards: Path, model: str, *, base: str = "", **hyperparameters: str) -> MlPaths:
    """Two steps of two samples on these shards, from the shipped model of that kind or another one named."""
    paths, base = MlPaths(root=root), base or _BASES[model]
    shutil.copytree(shards, paths.channel("shards"))
    write_base(paths.channel("base"), base)
    paths.hyperparameters.parent.mkdir(parents=True)
    chosen = {"model": model, "steps": "2", "batch": "2", "streams": "2"} | hyperparameters
    paths.hyperparameters.write_text(json.dumps(chosen))
    return paths


def write_base(folder: Path, name: str) -> None:
    """A base model's prefix: the shipped files and their manifest."""
    shutil.copytree(WEIGHTS / name, folder)
    manifest = BaseManifest(
        name=f"tiny-{name}",
        revision="1",
        family=_FAMILIES[name],
        task="inpaint",
        licence="Apache-2.0",
        source="asset",
        resolution=64,
        files=hash_files(folder),
    )
    (folder / "manifest.json").write_text(to_json(manifest))
