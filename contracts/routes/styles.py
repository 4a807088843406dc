"""Styles and their versions."""

from contracts.answers import ImportedVersion, PromotedVersion
from contracts.requests import VersionRequest
from contracts.route import NOT_OWN, Route

ROUTES = (
    Route(
        name="create_version",
        method="POST",
        path="/v1/styles/{style}/versions",
        about="Make a style's next version of an adapter that was trained elsewhere. Every key, shape and number is checked against "
        "the base model before anything is stored. It is not promoted.",
        body=VersionRequest,
        answer=ImportedVersion,
        errors={
            404: "no style can have this name in a path",
            409: "the style is not the client's own, or the number that the registry gives is one of a version that is published",
        },
        costly=True,
        located=False,
    ),
    Route(
        name="promote_version",
        method="POST",
        path="/v1/styles/{style}/versions/{version}/promote",
        about="Let a style's bare name mean this published version, newer or older. Requests that name the style without a version "
        "get it from then on; style@version means the same as before.",
        answer=PromotedVersion,
        errors={403: NOT_OWN, 409: "the version is no longer served, or other promotions of the style came between"},
    ),
)
