"""Learning a style."""

from contracts.answers import Training
from contracts.captions import CaptionsRequest, TrainingCaptions
from contracts.pages import TrainingPage
from contracts.queries import PageQuery
from contracts.requests import ResumptionRequest, TrainingRequest
from contracts.route import NOT_OWN, Route

ROUTES = (
    Route(
        name="create_training",
        method="POST",
        path="/v1/trainings",
        about="Start an execution of the fine-tuning state machine.",
        body=TrainingRequest,
        answer=Training,
        errors={409: "the style is not the client's own"},
        costly=True,
    ),
    Route(
        name="list_trainings",
        method="GET",
        path="/v1/trainings",
        about="Trainings of the styles that the client may read, the newest first, of the last 90 days. Where most are others', a page may "
        "be short, or empty: next goes on.",
        query=PageQuery,
        answer=TrainingPage,
    ),
    Route(
        name="get_training",
        method="GET",
        path="/v1/trainings/{id}",
        about="A training as it is now; its id is the execution's name. While its job runs, progress, eta_seconds (until that job is done, "
        "by its own log) and losses tell how far it is; once it was evaluated, report has presigned addresses.",
        answer=Training,
    ),
    Route(
        name="cancel_training",
        method="POST",
        path="/v1/trainings/{id}/cancel",
        about="Stop a training and the job under way unless it has ended.",
        answer=Training,
        errors={403: NOT_OWN},
    ),
    Route(
        name="resume_training",
        method="POST",
        path="/v1/trainings/{id}/resume",
        about="Take up a training that failed or was canceled: a new one with its plan starts with the step that was not finished, and "
        "what came before is neither repeated nor paid again. One does so at a time.",
        body=ResumptionRequest,
        answer=Training,
        errors={403: NOT_OWN, 409: "it runs, has succeeded, or another training does its rest"},
    ),
    Route(
        name="get_captions",
        method="GET",
        path="/v1/trainings/{id}/captions",
        about="What each picture of a training is learnt by. Those that it makes itself (input.captions) are there once Segment has ended: "
        "with input.preflight before anything is learnt.",
        answer=TrainingCaptions,
    ),
    Route(
        name="put_captions",
        method="POST",
        path="/v1/trainings/{id}/captions",
        about="Put captions into the training's data set, in place of its captions.jsonl, for trainings that start from now on. Another "
        "file that has other words for a picture is an error.",
        body=CaptionsRequest,
        answer=TrainingCaptions,
        makes=False,
        errors={403: NOT_OWN},
    ),
)
