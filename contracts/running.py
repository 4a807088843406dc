"""What the model server tells of work under way, and the API reads: ``progress/{prediction}.json``."""

from typing import Annotated, ClassVar

from contracts.declarations import about, bounds
from contracts.model import Contract


class RunningWork(Contract):
    """How far the work on a prediction is."""

    document: ClassVar[str] = "progress"

    begun: Annotated[float, about("when the model took it up", unit="seconds since 1970")]
    seconds: Annotated[float, bounds(0, 10**6, "worked on it when this was written", unit="seconds")]
    done: Annotated[int, bounds(0, 10**6, "denoising steps that are done")]
    total: Annotated[int, bounds(0, 10**6, "steps in all; 0 where nobody knows beforehand")]
