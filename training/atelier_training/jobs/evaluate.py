"""``evaluate``: paint with the base and the fine-tuned model, measure, and write the report."""

import argparse
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from atelier_training.arguments import required_target
from atelier_training.base_files import load_segmenter, read_base
from atelier_training.data.examples import ExampleFile, load_examples, opened
from atelier_training.data.masking import Masking
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine import training_log
from atelier_training.engine.interruption import Interruption
from atelier_training.evaluate.measure import measure
from atelier_training.evaluate.photos import choose_photos
from atelier_training.evaluate.plot import draw_loss
from atelier_training.evaluate.report import Report
from atelier_training.evaluate.restyle import PAINTED_COLUMNS, Models, Painted, Restyled, paint_freely, restyle_photos
from atelier_training.evaluate.watched import WatchedTraining
from atelier_training.notes import leave_notes
from atelier_training.paths import MlPaths
from contracts.advice import DatasetAdvice
from contracts.artifact import TRAINING_LOG, StyleManifest, verify_files
from contracts.disclosure import from_variables
from contracts.errors import InvalidInputError
from diffusion.words import unused_notes
from imaging.pictures import encode
from imaging.sheet import SheetRow, draw_sheet
from imaging.told import NOTHING

log = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, paths: MlPaths, interruption: Interruption) -> None:
    """Read the processing inputs ``dataset``, ``segment``, ``base``, ``segmenter`` and ``artifact``; write ``evaluate``."""
    models = load_models(paths, arguments.task)
    interruption.doing = "painting with the base model and the trained one"
    painted, own_notes = _paint(arguments, paths, models)
    interruption.check("painting")
    entries = training_log.read(models.style_folder / TRAINING_LOG)
    loss = training_log.average_loss(entries)
    measured = measure(opened(painted.examples), painted.restyled, train_avg_loss=loss, mask_score=painted.mask_score)
    report = Report(
        models=models,
        painted=painted,
        prompt=arguments.instance_prompt,
        measured=measured,
        gate=arguments.gate,
        loss=draw_loss(entries),
        steps=len(entries),
        disclosure=from_variables(os.environ),
        expected=arguments.expected,
        watched=WatchedTraining.read(models.style_folder),
    )
    write(report, paths.processing_output("evaluate"))
    leave_notes(own_notes, paths.message)
    log.info("%s", " ".join(f"{name}={value:g}" for name, value in measured.metrics.items()))


def _paint(arguments: argparse.Namespace, paths: MlPaths, models: Models) -> tuple[Painted, list[str]]:
    """Photos, repainted where the garment is; whole pictures where the style paints from words. With the notes that no step before had."""
    dataset, segment = DatasetFolder.read(paths.processing_input("dataset")), paths.processing_input("segment")
    masking = Masking.read(segment)
    examples = load_examples(dataset, segment, arguments.instance_prompt)
    restyled, notes = (
        _restyle(arguments, paths, models, dataset, examples)
        if arguments.task == "inpaint"
        else (paint_freely(models, arguments.instance_prompt), [])
    )
    own = [*notes, *_unused(models, arguments, examples)]
    comparison = filter(None, [arguments.comparison])
    prior = bool(models.style.hyperparameters.get("with_prior_preservation"))
    advice = map(str, DatasetAdvice.read(segment).advice)
    all_notes = [*dataset.notes(arguments.task, prior=prior), *masking.warnings, *advice, *own, *comparison]
    return Painted(examples=examples, restyled=restyled, mask_score=masking.mask_score, notes=all_notes), own


def _restyle(
    arguments: argparse.Namespace,
    paths: MlPaths,
    models: Models,
    dataset: DatasetFolder,
    examples: Sequence[ExampleFile],
) -> tuple[list[Restyled], list[str]]:
    """Repainted photos, and notes on how they were chosen."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    segmenter = load_segmenter(paths.processing_input("segmenter"), device)
    photos, notes = choose_photos(dataset, examples, segmenter, required_target(arguments))
    return restyle_photos(models, photos, arguments.instance_prompt), notes


def _unused(models: Models, arguments: argparse.Namespace, examples: Sequence[ExampleFile]) -> list[str]:
    """Notes on words that the base model does not see: of the prompt and of the captions that it learnt from."""
    return unused_notes(models.base_folder, [arguments.instance_prompt, *(each.caption for each in examples)])


def load_models(paths: MlPaths, task: str) -> Models:
    """The inputs ``base`` and ``artifact``, checked file by file. Raises InvalidInputError where they do not belong together."""
    base_folder, style_folder = paths.processing_input("base"), paths.processing_input("artifact")
    base, style = read_base(base_folder), StyleManifest.load(style_folder)
    if style.base_model != base.reference:
        raise InvalidInputError("artifact's base model", got=style.base_model, allowed=base.reference)
    if style.task != task:
        raise InvalidInputError("argument --task", got=task, allowed=f"{style.task}, what the artifact was trained for")
    verify_files(style_folder, style.files)
    return Models(base_folder=base_folder, base=base, style_folder=style_folder, style=style)


def write(report: Report, output: Path) -> None:
    """``metrics.json``, ``sheet.png``, ``loss.png``, ``report.html`` and the single pictures."""
    (output / "metrics.json").write_text(json.dumps(report.measured.metrics, indent=2) + "\n", encoding="utf-8")
    columns = list(report.painted.restyled[0].columns)
    rows = [SheetRow(pictures=list(each.columns.values()), caption=each.name) for each in report.painted.restyled]
    title = f"{report.models.style.style}: “{report.prompt}”"
    sheet = draw_sheet(columns, rows, title=title)
    (output / "sheet.png").write_bytes(encode(sheet, "png", report.told()))
    report.loss.save(output / "loss.png")
    (output / "report.html").write_text(report.html(), encoding="utf-8")
    (output / "pictures").mkdir(parents=True, exist_ok=True)
    for each in report.painted.restyled:
        for column, image in each.columns.items():
            told = report.told() if column in PAINTED_COLUMNS else NOTHING
            (output / "pictures" / f"{Path(each.name).stem}_{column}.png").write_bytes(encode(image, "png", told))
