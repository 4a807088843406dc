"""Marks in pictures: whose pictures hold one."""

from atelier import predictions
from atelier.errors import NotFoundError
from atelier.sending import ask
from atelier.steps import Steps
from contracts.answers import Prediction
from contracts.mark_answers import MarkedPrediction


def get(mark: str) -> Steps[MarkedPrediction]:
    """Which of the client's own predictions painted pictures that hold a mark, 12 hexadecimal digits. Raises NotFoundError."""
    return ask(MarkedPrediction, "GET", f"/v1/marks/{mark}")


def find(mark: str) -> Steps[Prediction | None]:
    """The client's own prediction whose pictures hold a mark; None where there is none, or its record is gone."""
    try:
        marked = yield from get(mark)
        return (yield from predictions.get(marked.prediction))
    except NotFoundError:
        return None
