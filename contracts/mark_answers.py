"""What the HTTP API answers about marks."""

from typing import Annotated

from contracts.answers import Answer
from contracts.declarations import about


class MarkedPrediction(Answer):
    """The prediction whose pictures hold a mark."""

    mark: Annotated[str, about("12 hexadecimal digits")]
    prediction: Annotated[str, about("its id")]
    url: Annotated[str, about("its address")]
