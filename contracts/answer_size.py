"""How large an answer becomes, and how large it may be: the pictures of all outputs are in memory at once, and lie in one object."""

from contracts.errors import InvalidInputError
from contracts.modes import MODES
from contracts.pictures import UPSCALING
from contracts.prediction import MOST_ANSWER_PIXELS, PredictionInput

_Size = tuple[int, int]


def check_answer(
    inputs: PredictionInput, resolution: int, picture: _Size | None, *, most: int = MOST_ANSWER_PIXELS
) -> None:
    """Raise InvalidInputError where the answer's pictures have more than ``most`` pixels together, saying how many of them fit.

    ``resolution`` is the side of what the model paints where nobody says; ``picture`` is the width and height of the request's picture,
    where it has one and they are known.
    """
    each, outputs = _pixels(inputs, resolution, picture), _outputs(inputs)
    if each * outputs > most:
        got = f"{outputs} of {each:,} pixels"
        allowed = f"at most {each and most // each} of so many: an answer has at most {most:,} pixels in all"
        raise InvalidInputError("input.num_outputs", got=got, allowed=allowed)


def _outputs(inputs: PredictionInput) -> int:
    return inputs.num_outputs if "num_outputs" in MODES[inputs.mode].uses else 1


def _pixels(inputs: PredictionInput, resolution: int, picture: _Size | None) -> int:
    """Pixels of one picture of the answer; of an unknown one as few as there can be."""
    fields = MODES[inputs.mode]
    painted = (inputs.width or resolution, inputs.height or resolution)
    width, height = (picture or (1, 1)) if "image" in fields.needs else painted
    enlarged = inputs.mode == "upscale" or ("upscale" in fields.uses and inputs.upscale)
    return width * height * (UPSCALING**2 if enlarged else 1)
