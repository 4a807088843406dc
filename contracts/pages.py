"""Pages of lists, as the HTTP API answers them: the newest first, in Replicate's shape."""

from collections.abc import Mapping
from typing import Annotated, Any

from contracts.answers import Answer, ItemUrls, Prediction, Published, Status, Time
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


class ListedTraining(Answer):
    """A training in a list: without what is told of one only, its logs and how far it is."""

    id: str
    version: str
    model: Annotated[str | None, about("the style")]
    status: Status
    input: Annotated[Mapping[str, Any], about("what was posted")]
    output: Published | None
    error: Annotated[str | None, about("why it failed")]
    metrics: Annotated[Mapping[str, float], about("total_time in seconds, and what the evaluation measured")]
    created_at: Time
    started_at: Time
    completed_at: Time | None
    urls: ItemUrls


class TrainingPage(Page):
    """Trainings, the newest first."""

    results: list[ListedTraining]
