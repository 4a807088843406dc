"""OpenAI's images, so that its clients work unchanged. Its list of models is ``GET /v1/models``."""

from contracts.openai import ImageRequest, OpenAiError, OpenAiPictures
from contracts.route import Route

ROUTES = (
    Route(
        name="generate_images",
        method="POST",
        path="/v1/images/generations",
        about="Paint pictures from words and answer with them, as OpenAI does. Where they take longer than a request may be kept, "
        "503 with Retry-After: the same request, sent again, gets what was begun.",
        body=ImageRequest,
        answer=OpenAiPictures,
        located=False,
        makes=False,
        problem=OpenAiError,
    ),
)
