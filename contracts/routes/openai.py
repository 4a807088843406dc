"""OpenAI's images and models, so that its clients work unchanged. Its list of models is ``GET /v1/models``."""

from contracts.openai import ImageEditForm, ImageRequest, OpenAiError, OpenAiPictures
from contracts.replicate_answers import ListedModel
from contracts.route import Route

_KEPT = "Where they take longer than a request may be kept, 503 with Retry-After: the same request, sent again, gets what was begun."

ROUTES = (
    Route(
        name="generate_images",
        method="POST",
        path="/v1/images/generations",
        about=f"Paint pictures from words and answer with them, as OpenAI does. {_KEPT}",
        body=ImageRequest,
        answer=OpenAiPictures,
        located=False,
        makes=False,
        problem=OpenAiError,
        disclosed=True,
    ),
    Route(
        name="edit_images",
        method="POST",
        path="/v1/images/edits",
        about="Repaint what is transparent in a mask, or what words mask, or the whole picture, and answer with it, as OpenAI does "
        f"(4 MB of files at most). {_KEPT}",
        form=ImageEditForm,
        answer=OpenAiPictures,
        located=False,
        makes=False,
        problem=OpenAiError,
        disclosed=True,
    ),
    Route(
        # The name in braces is Replicate's: API Gateway wants one name for one place in a path.
        name="retrieve_model",
        method="GET",
        path="/v1/models/{owner}",
        about="A model as OpenAI describes it: base, style or style@version.",
        answer=ListedModel,
        problem=OpenAiError,
    ),
)
