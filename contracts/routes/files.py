"""What clients upload."""

from contracts.answers import File
from contracts.file_answers import FilePage, StoredFile
from contracts.queries import FilesQuery
from contracts.replicate_answers import UploadedFile
from contracts.requests import FileForm, FileRequest
from contracts.route import NOT_OWN, Route

ROUTES = (
    Route(
        name="create_file",
        method="POST",
        path="/v1/files",
        about="An address to put one file at, for a prediction's pictures, a batch's rows, a training's dataset or an adapter's weights. "
        "As multipart/form-data, the file itself (4 MB at most), as Replicate's clients send it.",
        body=FileRequest,
        answer=File,
        errors={409: "the style whose dataset it is for is not the client's own"},
        located=False,
        form=FileForm,
        form_answer=UploadedFile,
    ),
    Route(
        name="list_files",
        method="GET",
        path="/v1/files",
        about="The client's own uploads that are there, or with style the files of that style's dataset; the newest first.",
        query=FilesQuery,
        answer=FilePage,
    ),
    Route(
        name="get_file",
        method="GET",
        path="/v1/files/{id}",
        about="A file that was put. A dataset's file has one id for as long as it has its name.",
        answer=StoredFile,
    ),
    Route(
        name="delete_file",
        method="DELETE",
        path="/v1/files/{id}",
        about="Delete a file, at once. A prediction that waits and needs an upload fails without it; a training reads its dataset when "
        "its jobs begin.",
        answer=None,
        errors={403: NOT_OWN},
    ),
)
