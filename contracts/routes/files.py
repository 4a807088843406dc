"""What clients upload."""

from contracts.answers import File
from contracts.requests import FileRequest
from contracts.route import Route

ROUTES = (
    Route(
        name="create_file",
        method="POST",
        path="/v1/files",
        about="An address to put one file at, for a prediction's pictures, a training's dataset or an adapter's weights.",
        body=FileRequest,
        answer=File,
        located=False,
    ),
)
