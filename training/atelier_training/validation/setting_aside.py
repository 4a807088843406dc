"""Which pictures are not learnt from, so that there is something to measure on while the others are."""

import logging
from collections.abc import Sequence

from atelier_training.data.draws import Purpose, numpy_generator
from atelier_training.data.examples import ExampleFile
from contracts.dataset import FEWEST_PICTURES
from contracts.hyperparameters import Hyperparameters
from contracts.training_time import SET_ASIDE_OF

log = logging.getLogger(__name__)


def set_aside(examples: Sequence[ExampleFile], tuning: Hyperparameters) -> tuple[list[ExampleFile], list[ExampleFile]]:
    """The pictures to learn from and those set aside, drawn by the seed; none of these where nobody looks.

    As many are learnt from as a training needs at least.
    """
    if not tuning.validation_steps:
        return list(examples), []
    wanted = tuning.pictures_set_aside
    count = max(1, len(examples) // SET_ASIDE_OF) if wanted is None else wanted
    spare = max(0, len(examples) - FEWEST_PICTURES)
    if count > spare:
        log.warning(
            "%d of %d pictures are set aside, because %d are learnt from", spare, len(examples), FEWEST_PICTURES
        )
    drawn = numpy_generator(tuning.seed, Purpose.SET_ASIDE).permutation(len(examples))[: min(count, spare)]
    aside = {int(number) for number in drawn}
    learnt = [example for number, example in enumerate(examples) if number not in aside]
    return learnt, [examples[number] for number in sorted(aside)]
