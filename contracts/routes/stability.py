"""Stability's search and replace: the whole styling of a photo in one request."""

from contracts.route import Route
from contracts.stability import ReplacedPicture, SearchAndReplaceForm, StabilityError

ROUTES = (
    Route(
        name="search_and_replace",
        method="POST",
        path="/v2beta/stable-image/edit/search-and-replace",
        about="Replace what words describe in a photo (4 MB at most), and answer with the picture, as Stability does: the file itself "
        "where the first type in Accept is of pictures (image/*), with its seed and finish-reason as headers; else JSON. Where it takes "
        "longer than a request may be kept, 503 with Retry-After: the same request, sent again, gets what was begun.",
        form=SearchAndReplaceForm,
        answer=ReplacedPicture,
        located=False,
        makes=False,
        problem=StabilityError,
        picture=True,
        disclosed=True,
    ),
)
