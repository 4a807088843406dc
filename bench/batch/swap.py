"""Puts the stand-in behind a stage's endpoint, as an operator rolls out another image: a model, a configuration, an update."""

import time
from pathlib import Path
from typing import Any

from cli.session import Deployment
from local.sagemaker.images import ImageAsset, push

_ROOT = Path(__file__).resolve().parents[2]
_NAME = "bench-stand-in"
_LOOK_SECONDS = 1.0


def put_stand_in(deployment: Deployment) -> None:
    """Returns when the endpoint is in service with it. Raises RuntimeError where it does not get there."""
    sagemaker = deployment.client("sagemaker")
    endpoint = deployment.outputs["EndpointName"]
    own = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    config = sagemaker.describe_endpoint_config(EndpointConfigName=own)
    variants = [{**variant, "ModelName": _NAME} for variant in config["ProductionVariants"]]
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    container = {**model["PrimaryContainer"], "Image": _pushed(deployment, model["PrimaryContainer"]["Image"])}
    sagemaker.create_model(
        ModelName=_NAME, ExecutionRoleArn=model["ExecutionRoleArn"], PrimaryContainer=container, **_network(model)
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=_NAME, ProductionVariants=variants, AsyncInferenceConfig=config["AsyncInferenceConfig"]
    )
    sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=_NAME)
    while (status := sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"]) == "Updating":
        time.sleep(_LOOK_SECONDS)
    now = sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    if (status, now) != ("InService", _NAME):
        raise RuntimeError(f"endpoint {endpoint}: got {status} with {now}; allowed: InService with {_NAME}")


def _network(model: dict[str, Any]) -> dict[str, Any]:
    return {"VpcConfig": model["VpcConfig"]} if "VpcConfig" in model else {}


def _pushed(deployment: Deployment, image: str) -> str:
    """The stand-in's image in the repository of another one."""
    registry, _, rest = image.partition("/")
    repository = rest.rpartition(":")[0]
    asset = ImageAsset(repository=repository, tag=_NAME, directory=_ROOT, dockerfile="bench/batch/Dockerfile")
    push(deployment.client("ecr"), asset)
    return f"{registry}/{repository}:{_NAME}"
