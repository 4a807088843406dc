"""The captions of a training's pictures, as the HTTP API shows and takes them."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.answers import Answer
from contracts.dataset import MOST_PICTURES, PictureCaption
from contracts.declarations import about
from contracts.requests import RequestBody


class ShownCaption(Answer):
    """What one picture is learnt by."""

    file_name: Annotated[str, about("the picture")]
    text: Annotated[str, about("the words")]
    source: Annotated[
        Literal["own", "automatic", "prompt"],
        about("own: a file of the data set has them; automatic: the run made them; prompt: the instance prompt"),
    ]


class TrainingCaptions(Answer):
    """What each picture of a training's data set is learnt by."""

    captions: Annotated[list[ShownCaption], about("by name of the picture")]


class CaptionsRequest(RequestBody):
    """``POST /v1/trainings/{id}/captions``."""

    captions: Annotated[
        list[PictureCaption],
        Field(min_length=1, max_length=MOST_PICTURES),
        about(
            "the data set's captions.jsonl from now on; a picture without one is learnt as input.captions says. What GET answers can be "
            "sent back once each source is left out"
        ),
    ]
