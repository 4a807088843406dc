"""``make bench-photos``: how much memory a data set of photos takes in Segment and in a training that sees each of them once.

Prints one JSON line: MiB at most, of the job's process with its libraries and models, and CPU seconds a photo. Photos have 12 megapixels;
a few are drawn, and their files have many names.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from atelier_training.paths import ROOT_VARIABLE, MlPaths
from contracts.artifact import to_json
from contracts.layout import MANIFEST
from models.catalogue import find
from models.tiny.make.figures import draw
from models.tiny.make.sample import CLASS_PROMPT, INSTANCE_PROMPT, style_outfit
from models.tiny.make.wardrobe import LENGTHS

SIZE = (3000, 4000)
"""Width and height of a photo."""
DRAWN = 6
BATCH = 8
_SEED = 940_100


def lay(root: Path, count: int) -> MlPaths:
    """The inputs of both jobs: ``count`` photos, the tiny base model and segmenter, settings for one epoch."""
    paths = MlPaths(root=root)
    datasets = (paths.processing_input("dataset"), paths.channel("dataset"))
    for folder in datasets:
        folder.mkdir(parents=True)
    for index in range(DRAWN):
        rng = np.random.default_rng((_SEED, index))
        figure = draw(style_outfit(rng, LENGTHS["skirt"][index % len(LENGTHS["skirt"])]), rng, (960, 1280)).image
        first = datasets[0] / f"photo-{index:04}.jpg"
        figure.resize(SIZE, Image.Resampling.BICUBIC).save(first, quality=92)
    for index in range(count):
        for folder in datasets:
            name = folder / f"photo-{index:04}.jpg"
            if not name.exists():
                os.link(datasets[0] / f"photo-{index % DRAWN:04}.jpg", name)
    for model, folder in (
        ("tiny-clipseg", paths.processing_input("segmenter")),
        ("tiny-inpaint", paths.channel("base")),
    ):
        entry = find(model)
        shutil.copytree(Path(entry.source.folder), folder)  # type: ignore[union-attr]
        (folder / MANIFEST).write_text(to_json(entry.manifest(folder)), encoding="utf-8")
    settings = {
        **{"style": "sks", "execution": "bench", "task": "inpaint", "method": "lora", "target": "a skirt"},
        **{"instance_prompt": INSTANCE_PROMPT, "class_prompt": CLASS_PROMPT, "dataset_sha256": "0" * 64},
        **{"epochs": "1", "max_steps": "None", "batch_size": str(BATCH), "lora_rank": "4", "learning_rate": "1e-3"},
    }
    paths.hyperparameters.parent.mkdir(parents=True)
    paths.hyperparameters.write_text(json.dumps(settings))
    return paths


def job(paths: MlPaths, *arguments: str) -> dict[str, float]:
    """Run a step of the training image; its largest memory in MiB and its CPU seconds. Raises where it fails."""
    environment = {
        **os.environ,
        ROOT_VARIABLE: str(paths.root),
        "TMPDIR": str(paths.root / "tmp"),
        "OMP_NUM_THREADS": "1",
    }
    (paths.root / "tmp").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "atelier_training", *arguments]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(printed.decode()[-2000:])
    return _used(used)


def _used(used: resource.struct_rusage) -> dict[str, float]:
    return {"mib": round(used.ru_maxrss / 1024), "cpu": round(used.ru_utime + used.ru_stime, 1)}


def measured(count: int) -> Mapping[str, float]:
    """Both jobs, one after the other."""
    with TemporaryDirectory() as folder:
        paths = lay(Path(folder), count)
        segment = job(paths, "segment", "--task=inpaint", "--target=a skirt")
        shutil.copytree(paths.processing_output("segment"), paths.channel("masks"))
        train = job(paths, "train")
    return {
        "photos": count,
        "segment_mib": segment["mib"],
        "train_mib": train["mib"],
        "segment_cpu_a_photo": round(segment["cpu"] / count, 2),
        "train_cpu_a_photo": round(train["cpu"] / count, 2),
    }


def main(arguments: list[str]) -> None:
    """Measure with as many photos as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=500)
    print(json.dumps(measured(parser.parse_args(arguments).photos)))


if __name__ == "__main__":
    main(sys.argv[1:])
