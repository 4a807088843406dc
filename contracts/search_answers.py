"""What the API shows of a training's search; ``contracts.answers`` has the training itself."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from contracts.declarations import about


class Trial(BaseModel):
    """One of the trainings of a search."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)

    number: Annotated[int, about("in the order in which they began, from 1")]
    status: Literal["processing", "succeeded", "failed", "canceled"]
    hyperparameters: Annotated[Mapping[str, Any], about("what it tries, by hyperparameter")]
    score: Annotated[
        float | None, about("garment_share of what it painted when it had learnt; null until then, and where it failed")
    ]
    best: Annotated[
        bool, about("whether its score is the highest so far; of a search that has ended, it is what goes on")
    ]
    error: Annotated[str | None, about("why it failed")]
