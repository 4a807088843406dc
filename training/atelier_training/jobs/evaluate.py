"""``evaluate``: paint with the base and the fine-tuned model, measure, and write the report."""

import argparse
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from atelier_training.arguments import required_target
from atelier_training.base_files import read_base
from atelier_training.data.examples import ExampleFile
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine import training_log
from atelier_training.engine.interruption import Interruption
from atelier_training.evaluate.before import BeforePictures
from atelier_training.evaluate.enlarge import Enlarged, enlarge_photos, measure_enlarged
from atelier_training.evaluate.judging import Judging, mask_again
from atelier_training.evaluate.leak import other_prompt, plain_prompt
from atelier_training.evaluate.measure import Measured, measure
from atelier_training.evaluate.photos import choose_photos
from atelier_training.evaluate.plot import draw_loss
from atelier_training.evaluate.report import Report
from atelier_training.evaluate.restyle import PAINTED_COLUMNS, Models, Painted, Restyled, paint_freely, restyle_photos
from atelier_training.evaluate.watched import WatchedTraining
from atelier_training.notes import leave_notes
from atelier_training.paths import MlPaths
from contracts.artifact import TRAINING_LOG, StyleManifest, verify_files
from contracts.disclosure import from_variables
from contracts.errors import InvalidInputError
from contracts.hyperparameters import Hyperparameters
from contracts.layout import BEFORE
from contracts.metrics import SPREAD
from diffusion.words import unused_notes
from imaging.pictures import encode
from imaging.sheet import SheetRow, draw_sheet
from imaging.told import NOTHING

log = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, paths: MlPaths, interruption: Interruption) -> None:
    """Read the processing inputs ``dataset``, ``segment``, ``base``, ``segmenter``, ``artifact`` and ``before``; write ``evaluate``.

    The first evaluation of a style has no ``before``. A style that is evaluated again has no ``segment``: its pictures are masked here.
    One that was trained elsewhere has no training log.
    """
    models = load_models(paths, arguments.task)
    dataset = DatasetFolder.read(paths.processing_input("dataset"))
    segmenter = paths.processing_input("segmenter") if arguments.task == "inpaint" else None
    segment = paths.processing_input("segment")
    if not segment.is_dir():
        interruption.doing, segment = "masking the pictures", paths.scratch("segment")
        mask_again(dataset, segmenter, arguments.target, interruption, segment)
    interruption.doing = "painting with the base model and the trained one"
    judging = Judging.read(dataset, segment, segmenter, arguments.instance_prompt)
    kept = BeforePictures(paths.processing_input(BEFORE), models.base)
    painted, own_notes = _paint(arguments, models, kept, judging)
    interruption.check("painting")
    trained = models.style_folder / TRAINING_LOG
    entries = training_log.read(trained) if trained.is_file() else []
    loss = training_log.average_loss(entries) if entries else None
    measured = _measured(arguments, painted, judging, loss)
    report = Report(
        models=models,
        painted=painted,
        prompt=arguments.instance_prompt,
        measured=measured,
        gate=arguments.gate,
        loss=draw_loss(entries) if entries else None,
        steps=len(entries),
        disclosure=from_variables(os.environ),
        expected=arguments.expected,
        watched=WatchedTraining.read(models.style_folder),
    )
    write(report, paths.processing_output("evaluate"))
    kept.write(paths.processing_output("evaluate") / BEFORE, report.told())
    leave_notes(own_notes, paths.message)
    log.info("%s", " ".join(f"{name}={value:g}" for name, value in measured.metrics.items()))


def _measured(arguments: argparse.Namespace, painted: Painted, judging: Judging, loss: float | None) -> Measured:
    """The numbers of what was painted, or enlarged."""
    enlarged = [each for each in painted.restyled if isinstance(each, Enlarged)]
    if enlarged:
        return measure_enlarged(enlarged, judging.garment, train_avg_loss=loss)
    return measure(
        judging.garment,
        painted.restyled,
        train_avg_loss=loss,
        mask_scores=judging.mask_scores,
        embedder=judging.embedder,
        prompt=plain_prompt(arguments.target) if arguments.target else "",
    )


def _paint(
    arguments: argparse.Namespace, models: Models, kept: BeforePictures, judging: Judging
) -> tuple[Painted, list[str]]:
    """Photos, repainted where the garment is; whole pictures where the style paints from words. With the notes that no step before had."""
    examples, other, notes = judging.examples, "", list[str]()
    restyled: Sequence[Restyled]
    if judging.segmenter:
        other = other_prompt(required_target(arguments), judging.garment.colours)
        photos, notes = choose_photos(judging.dataset, examples, judging.segmenter, required_target(arguments))
        restyled = restyle_photos(models, kept, photos, arguments.instance_prompt, other)
    elif arguments.task == "upscale":
        restyled, notes = enlarge_photos(models, kept, judging.dataset, examples, arguments.instance_prompt)
    else:
        restyled = paint_freely(models, kept, arguments.instance_prompt)
    own = [*notes, *_unused(models, arguments, examples)]
    comparison = filter(None, [arguments.comparison])
    prior = bool(models.style.hyperparameters.get("with_prior_preservation"))
    known = [*judging.dataset.notes(arguments.task, prior=prior), *_settings(models.style).notes()]
    known += [*judging.masking.warnings, *judging.advice]
    return Painted(examples=examples, restyled=restyled, other=other, notes=[*known, *own, *comparison]), own


def _settings(style: StyleManifest) -> Hyperparameters:
    """Those that it was trained with."""
    return Hyperparameters.model_validate(
        {name: value for name, value in style.hyperparameters.items() if name in Hyperparameters.model_fields}
    )


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
    """``metrics.json``, ``spread.json``, ``sheet.png``, ``loss.png``, ``report.html`` and the single pictures."""
    (output / "metrics.json").write_text(json.dumps(report.measured.metrics, indent=2) + "\n", encoding="utf-8")
    spread = {name: each.to_json() for name, each in report.measured.spread.items()}
    (output / SPREAD).write_text(json.dumps(spread, indent=2) + "\n", encoding="utf-8")
    columns = list(report.painted.restyled[0].columns)
    rows = [SheetRow(pictures=list(each.columns.values()), caption=each.name) for each in report.painted.restyled]
    title = f"{report.models.style.style}: “{report.prompt}”"
    sheet = draw_sheet(columns, rows, title=title)
    (output / "sheet.png").write_bytes(encode(sheet, "png", report.told()))
    if report.loss:
        report.loss.save(output / "loss.png")
    (output / "report.html").write_text(report.html(), encoding="utf-8")
    (output / "pictures").mkdir(parents=True, exist_ok=True)
    for each in report.painted.restyled:
        for column, image in each.shown.items():
            told = report.told() if column in PAINTED_COLUMNS else NOTHING
            (output / "pictures" / f"{Path(each.name).stem}_{column}.png").write_bytes(encode(image, "png", told))
