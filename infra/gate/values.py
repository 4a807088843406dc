"""Values in place of what only a deployment or a run knows: references become names and ARNs of their kind, expressions are evaluated."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonata import Jsonata

from infra.gate.assembly import Assembly
from infra.gate.machines import variables

_REFERENCE = re.compile(r"<(\w+/\w+)(?:\.([\w.]+))?>")
_ARNS: Mapping[str, str] = {
    "AWS::CloudWatch::Alarm": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{id}",
    "AWS::DynamoDB::Table": "arn:{partition}:dynamodb:{region}:{account}:table/{id}",
    "AWS::Events::Rule": "arn:{partition}:events:{region}:{account}:rule/{id}",
    "AWS::IAM::Role": "arn:{partition}:iam::{account}:role/{id}",
    "AWS::KMS::Key": "arn:{partition}:kms:{region}:{account}:key/00000000-0000-0000-0000-000000000000",
    "AWS::Lambda::Function": "arn:{partition}:lambda:{region}:{account}:function:{id}",
    "AWS::Logs::LogGroup": "arn:{partition}:logs:{region}:{account}:log-group:{id}:*",
    "AWS::S3::Bucket": "arn:{partition}:s3:::{lower}",
    "AWS::SNS::Topic": "arn:{partition}:sns:{region}:{account}:{id}",
    "AWS::SQS::Queue": "arn:{partition}:sqs:{region}:{account}:{id}",
    "AWS::SageMaker::Endpoint": "arn:{partition}:sagemaker:{region}:{account}:endpoint/{lower}",
    "AWS::StepFunctions::StateMachine": "arn:{partition}:states:{region}:{account}:stateMachine:{id}",
}
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::SageMaker::Endpoint"}


class Unknown:
    """A value that nothing here can tell: it is of any type."""


def realistic(assembly: Assembly, node: Any) -> Any:
    """``node`` with each reference replaced by a value as AWS would write it."""
    if isinstance(node, Mapping):
        return {key: realistic(assembly, value) for key, value in node.items()}
    if isinstance(node, list):
        return [realistic(assembly, value) for value in node]
    if not isinstance(node, str):
        return node
    return _REFERENCE.sub(lambda found: _value(assembly, found[1], found[2] or ""), node)


def _value(assembly: Assembly, name: str, attribute: str) -> str:
    resource = assembly.resources.get(name)
    logical_id = name.partition("/")[2]
    arn = _ARNS.get(resource.kind) if resource else None
    is_arn = attribute.endswith("Arn") or (not attribute and resource is not None and resource.kind in _REF_IS_ARN)
    if arn and is_arn:
        here = assembly.location
        place = {"partition": here.partition, "region": here.region, "account": here.account}
        return arn.format(**place, id=logical_id, lower=logical_id.lower())
    return logical_id.lower()


def evaluate(node: Any, known: Mapping[str, Any]) -> Any:
    """``node`` with every expression replaced by its value; ``Unknown`` where it reads a variable that is not known or has no value."""
    if isinstance(node, Mapping):
        return {key: evaluate(value, known) for key, value in node.items()}
    if isinstance(node, list):
        return [evaluate(value, known) for value in node]
    if not isinstance(node, str) or not node.startswith("{%"):
        return node
    expression = node[2:].removesuffix("%}").strip()
    if variables(expression) - set(known):
        return Unknown()
    try:
        code = compiled(expression)
        for name, value in known.items():
            code.assign(name, value)
        found = code.evaluate(None)
    except Exception:  # noqa: BLE001 a wrong expression is another check's finding
        return Unknown()
    return Unknown() if found is None else found


@cache
def compiled(expression: str) -> Jsonata:
    """The expression, compiled once."""
    return Jsonata(expression)
