"""The routes of the HTTP API, declared once: the handler answers them, the templates have them, and docs/openapi.json describes them."""

import re
from dataclasses import dataclass

from pydantic import BaseModel

from contracts.answers import File, ImportedVersion, Prediction, PromotedVersion, Training
from contracts.requests import (
    FileRequest,
    PredictionRequest,
    RequestBody,
    ResumptionRequest,
    TrainingRequest,
    VersionRequest,
)


@dataclass(frozen=True, kw_only=True)
class Route:
    """``path`` is API Gateway's and OpenAPI's: ``/v1/predictions/{id}``. Without ``answer``, a good answer has no body."""

    name: str
    method: str
    path: str
    about: str
    answer: type[BaseModel] | None
    body: type[RequestBody] | None = None

    @property
    def status(self) -> int:
        """Of a good answer: whatever takes a body makes something."""
        if self.answer is None:
            return 204
        return 201 if self.body else 200

    @property
    def names(self) -> list[str]:
        """The names in braces in the path, in order."""
        return re.findall(r"\{(\w+)\}", self.path)

    def matches(self, path: str) -> bool:
        """Whether the route has this path, for any values of its names."""
        return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path) is not None


ROUTES = (
    Route(
        name="create_prediction",
        method="POST",
        path="/v1/predictions",
        about="Ask for pictures. Answers at once, with Prefer: wait too: an endpoint at zero instances needs minutes to wake. "
        "Poll urls.get.",
        body=PredictionRequest,
        answer=Prediction,
    ),
    Route(
        name="get_prediction",
        method="GET",
        path="/v1/predictions/{id}",
        about="A prediction as it is now, for as long as the stage keeps its pictures (`media_days`). "
        "Its addresses work for an hour; asking again gives new ones.",
        answer=Prediction,
    ),
    Route(
        name="cancel_prediction",
        method="POST",
        path="/v1/predictions/{id}/cancel",
        about="Cancel a prediction unless it has ended. What is queued is not begun; work under way stops between two steps.",
        answer=Prediction,
    ),
    Route(
        name="delete_prediction",
        method="DELETE",
        path="/v1/predictions/{id}",
        about="Delete a prediction that has ended, with its pictures and what was sent for it, at once and for good. Files that were "
        "uploaded for it stay for other predictions, as long as the stage keeps them.",
        answer=None,
    ),
    Route(
        name="create_training",
        method="POST",
        path="/v1/trainings",
        about="Start an execution of the fine-tuning state machine.",
        body=TrainingRequest,
        answer=Training,
    ),
    Route(
        name="get_training",
        method="GET",
        path="/v1/trainings/{id}",
        about="A training as it is now; its id is the execution's name.",
        answer=Training,
    ),
    Route(
        name="cancel_training",
        method="POST",
        path="/v1/trainings/{id}/cancel",
        about="Stop a training and the job under way unless it has ended.",
        answer=Training,
    ),
    Route(
        name="resume_training",
        method="POST",
        path="/v1/trainings/{id}/resume",
        about="Take up a training that failed or was canceled: a new one with its plan starts with the step that was not finished, and "
        "what came before is neither repeated nor paid again. One does so at a time.",
        body=ResumptionRequest,
        answer=Training,
    ),
    Route(
        name="create_file",
        method="POST",
        path="/v1/files",
        about="An address to put one file at, for a prediction's pictures, a training's dataset or an adapter's weights.",
        body=FileRequest,
        answer=File,
    ),
    Route(
        name="create_version",
        method="POST",
        path="/v1/styles/{style}/versions",
        about="Make a style's next version of an adapter that was trained elsewhere. Every key, shape and number is checked against "
        "the base model before anything is stored. It is not promoted.",
        body=VersionRequest,
        answer=ImportedVersion,
    ),
    Route(
        name="promote_version",
        method="POST",
        path="/v1/styles/{style}/versions/{version}/promote",
        about="Let a style's bare name mean this published version, newer or older. Requests that name the style without a version "
        "get it from then on; style@version means the same as before.",
        answer=PromotedVersion,
    ),
)
