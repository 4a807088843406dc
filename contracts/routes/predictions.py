"""Asking for pictures."""

from contracts.answers import Prediction
from contracts.pages import PredictionPage
from contracts.queries import PageQuery
from contracts.requests import PredictionRequest
from contracts.route import Route

ROUTES = (
    Route(
        name="create_prediction",
        method="POST",
        path="/v1/predictions",
        about="Ask for pictures. Answers at once; with Prefer: wait, or wait=N, when the prediction has ended, after N seconds, or after "
        "25, which is as long as API Gateway lets us. An endpoint at zero instances needs minutes to wake: then it answers at once all the "
        "same. Poll urls.get, which takes Prefer: wait too.",
        body=PredictionRequest,
        answer=Prediction,
    ),
    Route(
        name="list_predictions",
        method="GET",
        path="/v1/predictions",
        about="The client's own predictions, the newest first, each as it was told last: only asking for one by its id looks for a late "
        "answer, and tells how far it is. One that was made this second may be missing.",
        query=PageQuery,
        answer=PredictionPage,
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
        errors={409: "it has not ended"},
    ),
)
