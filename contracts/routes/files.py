"""What clients upload."""

from contracts.answers import File
from contracts.replicate_answers import UploadedFile
from contracts.requests import FileForm, FileRequest
from contracts.route import Route

ROUTES = (
    Route(
        name="create_file",
        method="POST",
        path="/v1/files",
        about="An address to put one file at, for a prediction's pictures, a training's dataset or an adapter's weights. "
        "As multipart/form-data, the file itself (4 MB at most), as Replicate's clients send it.",
        body=FileRequest,
        answer=File,
        errors={409: "the style whose dataset it is for is not the client's own"},
        located=False,
        form=FileForm,
        form_answer=UploadedFile,
    ),
)
