"""Pages of lists, as the HTTP API answers them: the newest first, in Replicate's shape."""

from typing import Annotated

from contracts.answers import Answer, Prediction
from contracts.declarations import about

Next = Annotated[
    str | None, about("address of the page that follows; null at the end. A page may have fewer results than asked for")
]


class Page(Answer):
    """One page of a list."""

    next: Next
    previous: Annotated[None, about("always null: a list is read forwards")]


class PredictionPage(Page):
    """Predictions, the newest first."""

    results: list[Prediction]
