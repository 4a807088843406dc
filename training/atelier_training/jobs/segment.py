"""``segment``: a dataset's pictures, decoded before a training is paid for, and a mask of the garment in each where one is repainted."""

import argparse
import logging
from collections.abc import Sequence

from atelier_training.arguments import required_target
from atelier_training.data.looking import Looking
from atelier_training.data.masking import Masking
from atelier_training.data.picture_advice import advise
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine.interruption import Interruption
from atelier_training.notes import leave_notes
from atelier_training.paths import MlPaths
from contracts.advice import Advice, DatasetAdvice

log = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, paths: MlPaths, interruption: Interruption) -> None:
    """Read the processing inputs ``dataset`` and, where something is masked or captioned, ``segmenter`` and ``captioner``.

    Writes the output ``segment``.
    """
    dataset = DatasetFolder.read(paths.processing_input("dataset"))
    for note in dataset.notes(arguments.task, prior=arguments.prior):
        log.warning("%s", note)
    masked = arguments.task == "inpaint"
    target = required_target(arguments) if masked else arguments.target
    output = paths.processing_output("segment")
    segmenter, captioner = paths.processing_input("segmenter"), paths.processing_input("captioner")
    look = Looking(dataset, arguments, segmenter, captioner)
    notes = dataset.check() if masked else dataset.check(look, enlarging=arguments.task == "upscale")
    if masked:
        # Whole pictures need no model, so that their check does not wait for torch.
        from atelier_training.data.garments import mask_garments

        masking = mask_garments(
            dataset, target, look.segmenter, interruption, notes=notes, output=output, prior=arguments.prior, look=look
        )
    else:
        masking = Masking(warnings=tuple(notes))
    masking = masking.model_copy(update={"warnings": (*masking.warnings, *look.notes)})
    advice = advise(look.facts, masked=masked, resolution=arguments.resolution)
    masking.write(output)
    DatasetAdvice(advice=tuple(advice)).write(output)
    look.write_captions(output)
    score = "" if masking.mask_score is None else f"mask_score={masking.mask_score:.4f} "
    leave_notes([*masking.warnings, *_warnings(advice)], paths.message)
    log.info("%spictures=%d", score, len(masking.pictures) or len(dataset.files.pictures))


def _warnings(advice: Sequence[Advice]) -> list[str]:
    """What the run's notes have of it: SageMaker keeps little of them, and the file has all."""
    return [str(each) for each in advice if each.level == "warning"]
