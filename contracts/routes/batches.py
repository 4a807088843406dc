"""Asking for as many pictures as a catalogue has."""

from contracts.batch_answers import BatchPage, CatalogueBatch
from contracts.batches import BatchRequest, BatchResumptionRequest
from contracts.queries import PageQuery
from contracts.route import Route

ROUTES = (
    Route(
        name="create_batch",
        method="POST",
        path="/v1/batches",
        about="Ask for a prediction for each row of a list: inline, an uploaded CSV or JSON Lines file, or the client's own uploads. Every "
        "row is read before anything is painted, and everything that is wrong is said at once, with its line.",
        body=BatchRequest,
        answer=CatalogueBatch,
        costly=True,
    ),
    Route(
        name="list_batches",
        method="GET",
        path="/v1/batches",
        about="The client's own batches, the newest first.",
        query=PageQuery,
        answer=BatchPage,
    ),
    Route(
        name="get_batch",
        method="GET",
        path="/v1/batches/{id}",
        about="A batch as it is now: how many of its items have ended, and once it has ended itself, presigned addresses of its report.",
        answer=CatalogueBatch,
    ),
    Route(
        name="cancel_batch",
        method="POST",
        path="/v1/batches/{id}/cancel",
        about="Stop a batch unless it has ended. Nothing new is begun, and what waits or is painted is canceled; what is done stays.",
        answer=CatalogueBatch,
    ),
    Route(
        name="resume_batch",
        method="POST",
        path="/v1/batches/{id}/resume",
        about="Go on with a batch that has ended: what failed, was canceled or was not begun is painted; what succeeded is not painted "
        "again.",
        body=BatchResumptionRequest,
        answer=CatalogueBatch,
        errors={409: "it has not ended"},
    ),
)
