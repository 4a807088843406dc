"""What routes in Replicate's style answer, as its clients read it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import RootModel

from contracts.answers import Answer, Time
from contracts.declarations import about


class ReplicateAccount(Answer):
    """Whose key it is."""

    type: Literal["organization"]
    username: Annotated[str, about("the owner in every name that the API gives")]
    name: str
    github_url: str | None


class ModelVersion(Answer):
    """A version of a style, or the base model."""

    id: Annotated[str, about("style@version, or base: for a prediction's version")]
    created_at: Time
    cog_version: Annotated[str, about("none: Cog did not make it")]
    openapi_schema: Annotated[Mapping[str, Any], about("Input is what a prediction's input may say")]


class ModelVersions(Answer):
    """Every published version of a style, newest first."""

    results: list[ModelVersion]
    next: str | None
    previous: str | None


class ReplicateModel(Answer):
    """A style, or the base model."""

    url: Annotated[str, about("its own address")]
    owner: str
    name: Annotated[str, about("the style, or base")]
    description: str | None
    visibility: Literal["private"]
    github_url: str | None
    paper_url: str | None
    license_url: str | None
    run_count: Annotated[int, about("0: runs are not counted")]
    cover_image_url: str | None
    default_example: None
    latest_version: Annotated[
        ModelVersion | None, about("what the style's bare name means; null in lists, and where nothing was promoted")
    ]


class ListedModel(Answer):
    """A style, or the base model, as OpenAI's clients read it."""

    id: str
    object: Literal["model"]
    created: Annotated[int, about("seconds since 1970; 0 where it is not known")]
    owned_by: str


class ReplicateModels(Answer):
    """The base model and the styles: ``results`` for Replicate's clients, ``data`` with the same for OpenAI's."""

    results: list[ReplicateModel]
    next: str | None
    previous: str | None
    object: Literal["list"]
    data: list[ListedModel]


class Collections(Answer):
    """Collections of models, of which a stage has none."""

    results: list[Mapping[str, Any]]
    next: None
    previous: None


class HardwareChoice(RootModel[list[str]]):
    """Hardware that a client may choose: none, for the stage's settings name it."""


class ReplicateDeployment(Answer):
    """A style, or the base model, which is deployed under its own name."""

    owner: str
    name: Annotated[str, about("the style, or base")]
    current_release: Annotated[
        None, about("not told: GET /v1/models/{owner}/{name} says which version the name means now")
    ]


class ReplicateDeployments(Answer):
    """What is deployed."""

    results: list[ReplicateDeployment]
    next: str | None
    previous: str | None


class FileAddress(Answer):
    """Where a file is read."""

    get: Annotated[
        str, about("presigned; for a prediction's image or mask it stands for the file for as long as that is kept")
    ]


class UploadedFile(Answer):
    """A file that came with the request."""

    id: str
    name: Annotated[str, about("as it is stored: without folders, NFC-normalised")]
    content_type: str
    size: int
    etag: Annotated[str, about("its MD5")]
    checksums: Annotated[Mapping[str, str], about("md5 and sha256")]
    metadata: Annotated[Mapping[str, Any], about("as it came; it is not kept")]
    uri: Annotated[str, about("uploads/…, for image, mask or weights")]
    created_at: Time
    expires_at: Annotated[Time, about("from when on it may be gone")]
    urls: FileAddress
