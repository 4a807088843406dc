"""AWS services as botocore's models describe them: operations, the shapes of their requests, and the errors they name."""

from collections.abc import Mapping
from functools import cache

import botocore.loaders
import botocore.model
from botocore import xform_name
from botocore.exceptions import UnknownServiceError

_INTEGRATIONS = {
    "applicationautoscaling": "application-autoscaling",
    "cloudwatch": "cloudwatch",
    "dynamodb": "dynamodb",
    "events": "events",
    "eventbridge": "events",
    "lambda": "lambda",
    "s3": "s3",
    "sagemaker": "sagemaker",
    "sagemakerruntime": "sagemaker-runtime",
    "sfn": "stepfunctions",
    "sns": "sns",
    "sqs": "sqs",
    "states": "stepfunctions",
}
"""How Step Functions writes a service, and what boto3 calls it."""


@cache
def service(name: str) -> botocore.model.ServiceModel | None:
    """The model of a service by boto3's name; None where there is no such service."""
    try:
        loaded = botocore.loaders.Loader().load_service_model(name, "service-2")
    except UnknownServiceError:
        return None
    return botocore.model.ServiceModel(loaded, name)


@cache
def operations(name: str) -> Mapping[str, str]:
    """A service's operations by the name of the client's method: ``put_object`` → ``PutObject``."""
    model = service(name)
    return {} if model is None else {xform_name(each): each for each in model.operation_names}


def called(integration: str) -> tuple[str, str] | None:
    """``aws-sdk:sagemaker:createModel`` → ``("sagemaker", "CreateModel")``; None where nothing is called so."""
    parts = integration.removeprefix("aws-sdk:").split(":")
    boto3_name = _INTEGRATIONS.get(parts[0], parts[0])
    model = service(boto3_name) if len(parts) == 2 else None
    wanted = parts[-1].partition(".")[0]
    if model is None:
        return None
    return next(((boto3_name, name) for name in model.operation_names if name[0].lower() + name[1:] == wanted), None)


def request_shape(name: str, operation: str) -> botocore.model.Shape | None:
    """The shape of an operation's request."""
    model = service(name)
    return None if model is None else model.operation_model(operation).input_shape


def errors(name: str) -> set[str]:
    """The names of a service's errors, as its model spells them and as its clients report them."""
    model = service(name)
    if model is None:
        return set()
    shapes = (model.shape_for(each) for each in model.shape_names)
    exceptions = [shape for shape in shapes if shape.metadata.get("exception")]
    codes = {str(shape.metadata.get("error", {}).get("code", shape.name)) for shape in exceptions}
    return codes | {shape.name for shape in exceptions}
