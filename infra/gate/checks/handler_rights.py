"""A handler's role may make every AWS call that its code reaches, and none that it does not."""

from collections.abc import Iterator, Mapping

from infra.gate.assembly import Assembly, Resource
from infra.gate.calls import Call, calls
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.kinds import made_here
from infra.gate.rights import JOINING_FUNCTION, needed, tagging
from infra.gate.roles import allowed, role_of, statements
from infra.gate.sources import Sources

_NAME = "handler rights"
_EVERY_HANDLER: Mapping[str, str] = {
    "logs:CreateLogStream": "its log",
    "logs:PutLogEvents": "its log",
    "xray:PutTelemetryRecords": "its traces",
    "xray:PutTraceSegments": "its traces",
    "kms:Decrypt": "the stage's key, which encrypts all that handlers read",
    "kms:GenerateDataKey": "the stage's key, which encrypts all that handlers write",
}
_GRANTED_TOGETHER: Mapping[str, set[str]] = {
    # Without it S3 answers a missing key with AccessDenied.
    "s3:ListBucket": {"s3:GetObject", "sagemaker:InvokeEndpointAsync"},
    # Whether SageMaker reads a request's InputLocation with the caller's rights too is documented nowhere.
    "s3:GetObject": {"sagemaker:InvokeEndpointAsync"},
    "s3:AbortMultipartUpload": {"s3:PutObject"},
    # A handler that keeps records in the one table may get, put and delete them by key.
    "dynamodb:GetItem": {"dynamodb:PutItem", "dynamodb:DeleteItem"},
    "dynamodb:PutItem": {"dynamodb:GetItem", "dynamodb:DeleteItem"},
    "dynamodb:DeleteItem": {"dynamodb:GetItem", "dynamodb:PutItem"},
    "dynamodb:ConditionCheckItem": {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"},
    # Waiting runs are let go on or failed.
    "states:SendTaskSuccess": {"states:SendTaskFailure"},
    "states:SendTaskFailure": {"states:SendTaskSuccess"},
}
"""Rights that come with others, though no call needs them: access.py grants them together."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    reached = calls(sources)
    for handler, function in handlers(assembly).items():
        role = role_of(assembly, function.properties.get("Role"))
        if role is None:
            yield function.finding(_NAME, "its Role is no role of the stage", "Give it a role of its own")
        elif handler in sources.handlers:
            made = made_here(reached.of(handler), assembly)
            own = _dead_letters(assembly, function) | _joining(function)
            yield from _missing(assembly, function, role, made, own)
            yield from _unused(assembly, role, handler, made, own)


def _dead_letters(assembly: Assembly, function: Resource) -> dict[str, str]:
    """What Lambda itself does with the function's rights when an event has failed for good."""
    configs = assembly.of("AWS::Lambda::EventInvokeConfig")
    own = (
        each.properties for each in configs if function in assembly.referenced(each.properties.get("FunctionName", ""))
    )
    failed = [each.get("DestinationConfig", {}).get("OnFailure") for each in own]
    has_queue = any(failed) or "DeadLetterConfig" in function.properties
    return {"sqs:SendMessage": "its queue of dead letters"} if has_queue else {}


def _joining(function: Resource) -> dict[str, str]:
    """What Lambda itself does with the rights of a function in a VPC."""
    return dict.fromkeys(JOINING_FUNCTION, "its network") if "VpcConfig" in function.properties else {}


def _missing(
    assembly: Assembly, function: Resource, role: Resource, made: list[Call], own: dict[str, str]
) -> Iterator[Finding]:
    granted = allowed(assembly, role)
    for action, use in {**_EVERY_HANDLER, **own}.items():
        if action not in granted:
            yield role.finding(
                _NAME, f"{function.logical_id} may not {action}: {use}", "Grant it, as components/handler.py does"
            )
    for call in made:
        for action in sorted(needed(call.service, call.operation) - granted):
            where = f"{call.module.file}:{call.node.lineno}"
            wrong = f"{function.logical_id} calls {call.operation} of {call.service} ({where}), but may not {action}"
            yield role.finding(_NAME, wrong, "Grant it on exactly what the call names, in the handler's Spec")


def _unused(
    assembly: Assembly, role: Resource, handler: str, made: list[Call], own: dict[str, str]
) -> Iterator[Finding]:
    used = {*_EVERY_HANDLER, *own}.union(*(needed(call.service, call.operation) for call in made))
    used = used.union(*(tagging(call.service) for call in made if call.operation.startswith("Create")))
    for statement in statements(assembly, role):
        for action in statement.actions:
            if action not in used and not used & _GRANTED_TOGETHER.get(action, set()):
                wrong = f"{action} is granted, but no call that atelier_ops.handlers.{handler} reaches needs it"
                yield statement.policy.finding(
                    _NAME, wrong, "Remove it, or say in infra/gate/rights.py which call needs it"
                )
