"""Names of errors in Retry and Catch are names that the state's call can fail with: one that nothing raises never matches."""

import ast
import re
from collections.abc import Iterator, Mapping

from botocore.model import ServiceModel

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.machines import Definition, integration, machines
from infra.gate.services import called, service
from infra.gate.sources import Sources

_NAME = "machine errors"
_STATES = {
    "States.ALL",
    "States.DataLimitExceeded",
    "States.HeartbeatTimeout",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
}
"""https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"""

_OPTIMIZED: Mapping[str, set[str]] = {
    "lambda": {
        "Lambda.AWSLambdaException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
        "Lambda.Unknown",
    },
    "sagemaker": {"SageMaker.AmazonSageMakerException", "SageMaker.SdkClientException"},
    "sns": {"SNS.AmazonSNSException", "SNS.SdkClientException"},
}
"""What the optimized integrations raise besides the errors of the services' models: names of the SDK for Java 1."""

_CLASSES = {
    "applicationautoscaling": "ApplicationAutoScaling",
    "cloudwatch": "CloudWatch",
    "sagemaker": "SageMaker",
    "s3": "S3",
    "sns": "SNS",
}
"""How names of errors begin, where it is not the integration's own name in capitals."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    own = _raised(sources)
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            for key in ("Retry", "Catch"):
                for rule in state.get(key, []):
                    yield from _names(machine, name, key, rule.get("ErrorEquals", []), own)


def _names(machine: Definition, name: str, key: str, errors: list[str], own: set[str]) -> Iterator[Finding]:
    call = integration(machine.tasks[name])
    for error in errors:
        if not _possible(error, call, own):
            wrong = f"{key} names {error}, which {call} never fails with"
            yield machine.finding(_NAME, name, wrong, f"Name what it raises: {_examples(call)}")
    if len(set(errors)) < len(errors):
        yield machine.finding(_NAME, name, f"{key} names an error twice: {', '.join(errors)}", "Name it once")
    if key == "Retry" and {"States.ALL", "States.TaskFailed"} & set(errors):
        wrong = "it retries every error, bad input too, which costs time and money and fails again"
        yield machine.finding(_NAME, name, wrong, "Name the temporary errors")


def _possible(error: str, call: str, own: set[str]) -> bool:
    if error in _STATES:
        return True
    if "." not in error:
        return call.startswith("lambda:invoke") and error in own
    return error in _modelled(call)


def _modelled(call: str) -> set[str]:
    """Every name that an integration can raise."""
    operation = called(call)
    model = service(operation[0]) if operation else None
    if model is None:
        return set()
    sdk = call.startswith("aws-sdk:")
    key = call.removeprefix("aws-sdk:").partition(":")[0]
    prefix = _CLASSES.get(key, key.capitalize())
    general = {f"{prefix}.{prefix}Exception", f"{prefix}.SdkClientException"} if sdk else _OPTIMIZED.get(key, set())
    return general | {f"{prefix}.{name}" for name in _exceptions(model)}


def _exceptions(model: ServiceModel) -> set[str]:
    """The classes that the AWS SDK for Java makes of a service's errors: ``ResourceInUse`` → ``ResourceInUseException``."""
    names = {
        re.sub(r"^[A-Z]+(?=[A-Z][a-z])", lambda found: found[0].capitalize(), shape.name)
        for shape in model.error_shapes
    }
    plain = {shape.name for shape in model.error_shapes if shape.name.endswith("Exception")}
    return plain | {f"{name.removesuffix('Fault').removesuffix('Exception')}Exception" for name in names}


def _examples(call: str) -> str:
    general = sorted(name for name in _modelled(call) if "Sdk" in name or name.split(".")[0] in name.split(".")[1])
    return ", ".join(general[:4]) or "States.TaskFailed"


def _raised(sources: Sources) -> set[str]:
    """The exceptions of ours: a Lambda's error has the name of its class."""
    nodes = (node for module in sources.modules.values() for node in module.tree.body)
    return {node.name for node in nodes if isinstance(node, ast.ClassDef) and node.bases}
