"""Replicate's names for what there is, so that its clients work unchanged."""

from contracts.answers import Prediction, Training
from contracts.queries import ModelsQuery
from contracts.replicate_answers import (
    Collections,
    HardwareChoice,
    ModelVersion,
    ModelVersions,
    ReplicateAccount,
    ReplicateDeployment,
    ReplicateDeployments,
    ReplicateModel,
    ReplicateModels,
)
from contracts.requests import ModelPredictionRequest, TrainingRequest
from contracts.route import Route

_MODEL = "/v1/models/{owner}/{name}"

ROUTES = (
    Route(name="get_account", method="GET", path="/v1/account", about="Whose key it is.", answer=ReplicateAccount),
    Route(
        name="list_collections",
        method="GET",
        path="/v1/collections",
        about="Collections of models: none. Clients that ask get an empty list.",
        answer=Collections,
    ),
    Route(
        name="list_hardware",
        method="GET",
        path="/v1/hardware",
        about="Hardware to choose from: none, for the stage's settings name it. Clients that ask get an empty list.",
        answer=HardwareChoice,
    ),
    Route(
        name="list_deployments",
        method="GET",
        path="/v1/deployments",
        about="The base model and the styles, by name: each is deployed under its own.",
        query=ModelsQuery,
        answer=ReplicateDeployments,
    ),
    Route(
        name="get_deployment",
        method="GET",
        path="/v1/deployments/{owner}/{name}",
        about="A style, or the base model (name base), as a deployment.",
        answer=ReplicateDeployment,
    ),
    Route(
        name="list_models",
        method="GET",
        path="/v1/models",
        about="The base model and the styles, by name.",
        query=ModelsQuery,
        answer=ReplicateModels,
    ),
    Route(
        name="get_model",
        method="GET",
        path=_MODEL,
        about="A style, or the base model (name base).",
        answer=ReplicateModel,
    ),
    Route(
        name="create_model_prediction",
        method="POST",
        path=f"{_MODEL}/predictions",
        about="Ask a style for pictures, or the base model (name base): POST /v1/predictions with its name as version.",
        body=ModelPredictionRequest,
        answer=Prediction,
    ),
    Route(
        name="create_deployment_prediction",
        method="POST",
        path="/v1/deployments/{owner}/{name}/predictions",
        about="The same: each style is deployed under its own name.",
        body=ModelPredictionRequest,
        answer=Prediction,
    ),
    Route(
        name="list_model_versions",
        method="GET",
        path=f"{_MODEL}/versions",
        about="A style's published versions, newest first.",
        answer=ModelVersions,
    ),
    Route(
        name="get_model_version",
        method="GET",
        path=f"{_MODEL}/versions/{{reference}}",
        about="A published version: style@version, its number alone, or base.",
        answer=ModelVersion,
    ),
    Route(
        name="create_model_training",
        method="POST",
        path=f"{_MODEL}/versions/{{reference}}/trainings",
        about="POST /v1/trainings with this base model: its name, and its revision or latest; name base is the stage's default.",
        body=TrainingRequest,
        answer=Training,
        errors={409: "the style is not the client's own"},
        costly=True,
    ),
)
