"""``evaluate-base``: measure what was pretrained on the samples set aside, and write the report and the artifact's hashes."""

import argparse
import importlib
import json
import logging
import os
from pathlib import Path

import torch

from atelier_training.base_files import read_base
from atelier_training.data.shards import open_shards
from atelier_training.engine import training_log
from atelier_training.engine.interruption import Interruption
from atelier_training.evaluate.plot import draw_loss
from atelier_training.evaluate_base.judged import Judged, Subject
from atelier_training.evaluate_base.report import BaseReport
from atelier_training.paths import MlPaths
from atelier_training.provenance import code_version, now
from contracts.artifact import TRAINING_LOG, BaseManifest, hash_files
from contracts.disclosure import from_variables
from contracts.pretraining import MEASURED, MeasuredArtifact
from contracts.pretraining_metrics import read_gate
from diffusion.family import find_family
from diffusion.painter import Painter
from imaging.pictures import encode
from imaging.sheet import draw_sheet

MEASURES = {
    "unet": "denoising",
    "vae": "reconstruction",
    "segmenter": "segmentation",
    "upscaler": "enlargement",
}
"""Each has ``judge(subject, samples)``."""

MOST_SAMPLES = 64
"""More samples would take longer and reduce the noise by less than runs differ anyway."""

log = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, paths: MlPaths, interruption: Interruption) -> None:
    """Read the processing inputs ``held_out``, ``base`` and ``artifact``; write the output ``evaluate``."""
    gate = read_gate("gate", arguments.gate, arguments.model)
    base, artifact = read_base(paths.processing_input("base")), paths.processing_input("artifact")
    shards = open_shards(str(paths.processing_input("held_out")))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    samples = [shards[number] for number in spaced(len(shards), MOST_SAMPLES)]
    subject = Subject(folder=artifact, base=base, vocabulary=shards.vocabulary, device=device)
    measure = importlib.import_module(f"atelier_training.evaluate_base.{MEASURES[arguments.model]}")
    interruption.doing = "measuring"
    judged: Judged = measure.judge(subject, samples)
    interruption.check("measuring")
    entries = training_log.read(artifact / TRAINING_LOG)
    judged.metrics["train_avg_loss"] = training_log.average_loss(entries)
    judged.metrics["held_out"] = float(len(samples))
    measured = measured_files(artifact, base, arguments.model)
    report = BaseReport(
        model=arguments.model,
        base=base,
        judged=judged,
        measured=measured,
        gate=gate,
        loss=draw_loss(entries),
        steps=entries[-1].step,
        disclosure=from_variables(os.environ),
    )
    write(report, paths.processing_output("evaluate"))
    log.info("%s", " ".join(f"{name}={value:g}" for name, value in judged.metrics.items()))


def spaced(count: int, most: int) -> list[int]:
    """At most ``most`` of the numbers below ``count``, evenly spaced."""
    step = max(1.0, count / most)
    return [int(index * step) for index in range(min(count, most))]


def measured_files(artifact: Path, base: BaseManifest, model: str) -> MeasuredArtifact:
    """The artifact's files as they were measured, and what they are for."""
    return MeasuredArtifact(
        files=hash_files(artifact),
        task=task_of(artifact, base, model),
        family=base.family,
        code_version=code_version(),
        created_at=now(),
    )


def task_of(artifact: Path, base: BaseManifest, model: str) -> str:
    """What the files can be used for. A new VAE makes the UNet beside it useless: it is there to train the next UNet from."""
    if model == "unet" and (artifact / "model_index.json").is_file():
        return find_family(base.family, Painter).task(artifact)
    return model if model in ("unet", "vae") else base.task


def write(report: BaseReport, output: Path) -> None:
    """``metrics.json``, ``artifact.json``, ``sheet.png``, ``loss.png`` and ``report.html``."""
    judged = report.judged
    (output / "metrics.json").write_text(json.dumps(judged.metrics, indent=2) + "\n", encoding="utf-8")
    (output / MEASURED).write_text(json.dumps(report.measured.to_json(), indent=2) + "\n", encoding="utf-8")
    sheet = draw_sheet(judged.columns, judged.rows, title=report.title)
    (output / "sheet.png").write_bytes(encode(sheet, "png", report.told()))
    report.loss.save(output / "loss.png")
    (output / "report.html").write_text(report.html(), encoding="utf-8")
