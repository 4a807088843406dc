"""Styles and their versions."""

from contracts.answers import ImportedVersion, PromotedVersion, Training
from contracts.queries import ComparisonQuery, PageQuery
from contracts.requests import EvaluationRequest, VersionRequest
from contracts.route import NOT_OWN, Route
from contracts.style_answers import Comparison, StylePage, StyleVersion, VersionCard, WholeStyle
from contracts.style_requests import DecisionRequest, RollbackRequest

_NO_APPROVER = f"{NOT_OWN}; or the stage wants a person to approve, who is a managing client or one of the account"
_NOT_DECIDED = "the version's model package was deleted"

ROUTES = (
    Route(
        name="list_styles",
        method="GET",
        path="/v1/styles",
        about="The styles with a published version that the client may read, its own and the house's, by name.",
        query=PageQuery,
        answer=StylePage,
    ),
    Route(
        name="get_style",
        method="GET",
        path="/v1/styles/{style}",
        about="A style: what its name means, and its newest 50 versions with what was measured, those that wait for approval too.",
        answer=WholeStyle,
    ),
    Route(
        name="get_version",
        method="GET",
        path="/v1/styles/{style}/versions/{version}",
        about="All that is known of a version: how it was learnt, what was measured, its report, its pictures and its files. "
        "Its addresses work for an hour.",
        answer=VersionCard,
    ),
    Route(
        name="compare_versions",
        method="GET",
        path="/v1/styles/{style}/compare",
        about="Two to eight versions of a style side by side: metrics, and the same photos as each painted them.",
        query=ComparisonQuery,
        answer=Comparison,
    ),
    Route(
        name="approve_version",
        method="POST",
        path="/v1/styles/{style}/versions/{version}/approve",
        about="Approve a version: the training that waits for it goes on, and publishes it. Repeating it changes nothing.",
        body=DecisionRequest,
        answer=StyleVersion,
        errors={403: _NO_APPROVER, 409: _NOT_DECIDED},
        makes=False,
    ),
    Route(
        name="reject_version",
        method="POST",
        path="/v1/styles/{style}/versions/{version}/reject",
        about="Reject a version: the training that waits for it fails, and says why. Repeating it changes nothing.",
        body=DecisionRequest,
        answer=StyleVersion,
        errors={403: _NO_APPROVER, 409: f"{_NOT_DECIDED}, or the style's bare name means the version"},
        makes=False,
    ),
    Route(
        name="evaluate_version",
        method="POST",
        path="/v1/styles/{style}/versions/{version}/evaluate",
        about="Measure a published version again, on other pictures, without training: an execution that paints, measures, compares with "
        "the gate and leaves a report, followed and canceled as a training is. Nothing about the version changes.",
        body=EvaluationRequest,
        answer=Training,
        errors={403: NOT_OWN, 409: "the version is not published"},
        costly=True,
    ),
    Route(
        name="roll_back_style",
        method="POST",
        path="/v1/styles/{style}/rollback",
        about="Let a style's bare name mean again what it meant before. A second rollback undoes the first: who may have to repeat the "
        "request sends an Idempotency-Key, or says what to leave.",
        body=RollbackRequest,
        answer=PromotedVersion,
        errors={
            403: NOT_OWN,
            409: "it meant nothing before, or means something else by now, or what it meant is no longer served",
        },
        makes=False,
    ),
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
    Route(
        name="delete_version",
        method="DELETE",
        path="/v1/styles/{style}/versions/{version}",
        about="Delete a version, but never the one that the style's bare name means. From now on nothing can name it; its files, and its "
        "endpoint if it has one, are gone within half an hour. Its number is not given again.",
        answer=None,
        errors={403: NOT_OWN, 409: "the style's bare name means it, or its training runs or waits for approval"},
    ),
    Route(
        name="delete_style",
        method="DELETE",
        path="/v1/styles/{style}",
        about="Delete a style with all its versions and its dataset. From now on nothing can name it; its files, and its endpoints, are "
        "gone within half an hour. Its name stays the client's, and its numbers are not given again.",
        answer=None,
        errors={403: NOT_OWN, 409: "a training of it runs, or waits for approval"},
    ),
)
