"""What a call asks for, looked at before anything of it costs: before a picture is decoded, and before the model is at work."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from atelier_inference import journal
from atelier_inference.custom_attributes import consented, styled
from atelier_inference.dialects.dialect import Asked
from atelier_inference.measures import MEASURES
from atelier_inference.modes import Modes
from contracts.people import ConsentRule
from contracts.prediction import PredictionInput
from contracts.safety.refusal import RefusedWordsError
from contracts.safety.words import check_prediction
from contracts.work import check_work


def checked(asked: Asked, attributes: str, modes: Modes, consent: ConsentRule) -> Asked:
    """The same with the styles and the consent that stand in CustomAttributes.

    Raises InvalidInputError for what those may not say, RefusedWordsError, which is counted, and for too much work.
    """
    styles = (styled(each, attributes) for each in asked.requests)
    requests = [consented(each, attributes, consent) for each in styles]
    said = ((each.prompt, each.negative_prompt, each.mask_prompt, each.consent) for each in requests)
    journal.keep_private(chain.from_iterable(said))
    _check_words(requests, modes)
    _check_together(requests, modes)
    return replace(asked, requests=requests)


def _check_words(requests: Sequence[PredictionInput], modes: Modes) -> None:
    try:
        for each in requests:
            check_prediction(each, modes[each.mode].dependencies.safety)
    except RefusedWordsError:
        MEASURES.count("RequestsRefusedForWords")
        raise


def _check_together(requests: Sequence[PredictionInput], modes: Modes) -> None:
    """Raises InvalidInputError where several requests of one call are too much work in all, though none of them is alone."""
    pictures = sum(request.num_outputs for request in requests)
    if pictures > requests[0].num_outputs:
        whole = requests[0].model_copy(update={"num_outputs": pictures})
        check_work(whole, modes[whole.mode].dependencies.pace, None)
