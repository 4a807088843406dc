"""Error names of Step Functions: those of the exception classes of the AWS SDK for Java 2, which its integrations call services with.

The SDK makes a class of every error in a service's model. Whatever else a service answers (throttling, a refused permission, in SageMaker
also a bad request) arrives under the service's general class, `SageMaker.SageMakerException`: a rule that names
`SageMaker.ThrottlingException` never matches.
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html ("Error handling": `S3.S3Exception`)
"""

import functools
import re

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ServiceModel

_BOTOCORE_NAMES = {
    "applicationautoscaling": "application-autoscaling",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sfn": "stepfunctions",
}


def exception_class(service: str, code: str) -> str | None:
    """The class of an error code that the model of `service` has (named as in `aws-sdk:<service>`); None for any other error."""
    return _classes(service).get(code)


@functools.cache
def _classes(service: str) -> dict[str, str]:
    try:
        model = ServiceModel(Loader().load_service_model(_BOTOCORE_NAMES.get(service, service), "service-2"))
    except UnknownServiceError:
        return {}
    shapes = {str(shape.metadata.get("error", {}).get("code", shape.name)): shape.name for shape in model.error_shapes}
    return {code: _class(name) for code, name in shapes.items()} | {name: _class(name) for name in shapes.values()}


def _class(shape: str) -> str:
    """`NoSuchKey` → `NoSuchKeyException`, `LimitExceededFault` → `LimitExceededException`, `KMSDisabled` → `KmsDisabledException`."""
    name = re.sub(r"^[A-Z]+(?=[A-Z][a-z])", lambda acronym: acronym[0].capitalize(), shape)
    return f"{name.removesuffix('Fault').removesuffix('Exception')}Exception"
