"""Replicate's routes: its names of models and versions, for the predictions, trainings and styles of our own."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.logic import predictions, trainings
from atelier_ops.logic.facades import models
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.targets import find_version, resolve
from atelier_ops.logic.versions import published_versions
from contracts.errors import InvalidInputError
from contracts.execution import BASE
from contracts.model_names import OWNER, plain
from contracts.requests import ModelPredictionRequest, TrainingRequest

LATEST = ("latest", "default", BASE)
"""Versions of a base model that say no revision."""


def account(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with whose key it is."""
    name = request.client or OWNER
    return respond(200, {"type": "organization", "username": OWNER, "name": name, "github_url": None})


def list_collections(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with no collection."""
    return respond(200, {"results": [], "next": None, "previous": None})


def list_hardware(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with nothing to choose."""
    return respond(200, [])


def list_deployments(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with a page of the base model and the styles, each deployed. Raises InvalidInputError."""
    return respond(200, models.deployments_page(request, dependencies))


def get_deployment(request: Request, dependencies: Dependencies, owner: str, name: str) -> Response[str]:
    """200 with the deployment of a model. Raises ProblemError 404."""
    models.require(name, request, dependencies)
    return respond(200, models.deployment(name))


def list_models(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with a page of the base model and the styles. Raises InvalidInputError."""
    return respond(200, models.page(request, dependencies))


def get_model(request: Request, dependencies: Dependencies, owner: str, name: str) -> Response[str]:
    """200 with the model and what its bare name means. Raises ProblemError 404."""
    models.require(name, request, dependencies)
    latest = None
    if name == BASE or models.is_promoted(name, dependencies):
        latest = models.version_object(_version(name, name, request, dependencies), dependencies)
    return respond(200, models.model_object(name, request, dependencies, latest))


def retrieve_model(request: Request, dependencies: Dependencies, owner: str) -> Response[str]:
    """200 with the model as OpenAI describes it: there is no owner, so that it stands in its place. Raises ProblemError 404."""
    name, _, number = owner.partition("@")
    models.require(name, request, dependencies)
    return respond(200, models.listed(_version(name, owner, request, dependencies) if number else name, dependencies))


def list_versions(request: Request, dependencies: Dependencies, owner: str, name: str) -> Response[str]:
    """200 with every published version, newest first. Raises ProblemError 404."""
    models.require(name, request, dependencies)
    names = [BASE]
    if name != BASE:
        names = [f"{name}@{number}" for number in reversed(published_versions(name, dependencies.models))]
    results = [models.version_object(each, dependencies) for each in names[: models.MOST]]
    return respond(200, {"results": results, "next": None, "previous": None})


def get_version(request: Request, dependencies: Dependencies, owner: str, name: str, reference: str) -> Response[str]:
    """200 with one version. Raises ProblemError 404."""
    models.require(name, request, dependencies)
    return respond(200, models.version_object(_version(name, reference, request, dependencies), dependencies))


def create_prediction(request: Request, dependencies: Dependencies, owner: str, name: str) -> Response[str]:
    """201 with a prediction of the model's promoted version. Raises ProblemError, InvalidInputError."""
    body = request.read_json()
    ModelPredictionRequest.from_json(body)
    models.require(name, request, dependencies)
    try:
        resolve(name, request, dependencies)
    except InvalidInputError as error:
        raise ProblemError(404, str(error)) from error
    return predictions.create_of({**body, "version": name}, request, dependencies)


def create_training(
    request: Request, dependencies: Dependencies, owner: str, name: str, reference: str
) -> Response[str]:
    """201 with a training on the base model of the path. Raises ProblemError, InvalidInputError."""
    body = request.read_json()
    TrainingRequest.from_json(body)
    return trainings.create_of({**body, "input": _on_base(body["input"], name, reference)}, request, dependencies)


def _on_base(inputs: Mapping[str, Any], name: str, reference: str) -> Mapping[str, Any]:
    """The input with the base model that the path means. Raises InvalidInputError where it names another one."""
    if name == BASE:
        return inputs
    revision = "" if reference in (*LATEST, name) else f"@{reference.rpartition('@')[2]}"
    meant = name + revision
    given = inputs.get("base_model") or meant
    if given != meant:
        raise InvalidInputError("input.base_model", got=given, allowed=f"{meant}, as in the path, or left out")
    return {**inputs, "base_model": meant}


def _version(name: str, reference: str, request: Request, dependencies: Dependencies) -> str:
    """``style@version`` or ``base`` of a version's id, its number, or the style's own name. Raises ProblemError 404."""
    version = plain(f"{OWNER}/{name}:{reference}")
    if name == BASE and version == BASE:
        return BASE
    try:
        if version.partition("@")[0] != name:
            raise InvalidInputError("version", got=reference, allowed=f"{name}@NUMBER")
        return find_version(version, request, dependencies, where="version").name
    except InvalidInputError as error:
        raise ProblemError(404, str(error)) from error
