"""``segment``: a dataset's pictures, decoded before a training is paid for, and a mask of the garment in each where one is repainted."""

import argparse
import logging

from atelier_training.arguments import required_target
from atelier_training.data.masking import Masking
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine.interruption import Interruption
from atelier_training.notes import leave_notes
from atelier_training.paths import MlPaths

log = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, paths: MlPaths, interruption: Interruption) -> None:
    """Read the processing inputs ``dataset`` and, where the task is inpaint, ``segmenter``; write the output ``segment``."""
    dataset = DatasetFolder.read(paths.processing_input("dataset"))
    for note in dataset.notes(arguments.task, prior=arguments.prior):
        log.warning("%s", note)
    notes = dataset.check()
    output = paths.processing_output("segment")
    if arguments.task == "inpaint":
        # Whole pictures need no model, so that their check does not wait for torch.
        from atelier_training.data.garments import mask_garments

        target, segmenter = required_target(arguments), paths.processing_input("segmenter")
        masking = mask_garments(
            dataset, target, segmenter, interruption, notes=notes, output=output, prior=arguments.prior
        )
    else:
        masking = Masking(warnings=tuple(notes))
    masking.write(output)
    score = "" if masking.mask_score is None else f"mask_score={masking.mask_score:.4f} "
    leave_notes(masking.warnings, paths.message)
    log.info("%spictures=%d", score, len(masking.pictures) or len(dataset.files.pictures))
