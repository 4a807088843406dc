"""Handlers read of an event what its sender documents: EventBridge, SNS, SageMaker's notifications and CloudFormation."""

import ast
from collections.abc import Iterator, Mapping

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Module, Sources, spelt

_NAME = "heard events"
_BRIDGE = {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
_HEARD: Mapping[str, tuple[set[str], set[str]]] = {
    # https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    "atelier_ops.handlers.settle": (
        {"event", "detail"},
        _BRIDGE
        | {
            "ModelPackageArn",
            "ModelPackageGroupName",
            "ModelPackageVersion",
            "ModelApprovalStatus",
            "ApprovalDescription",
        }
        | {"EndpointName", "EndpointArn", "EndpointStatus", "ModelPackageStatus"},
    ),
    # https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    "atelier_ops.handlers.report_stop": ({"event", "detail"}, _BRIDGE | {"executionArn"}),
    "atelier_ops.handlers.deliver_webhooks": ({"event", "detail"}, _BRIDGE | {"executionArn", "Records"}),
    # https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html and
    # https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
    "atelier_ops.logic.notification": (
        {"event", "record", "message", "answer"},
        {"Records", "Sns", "Message", "MessageId", "TopicArn", "inferenceId", "invocationStatus", "eventName"}
        | {"requestParameters", "responseParameters", "failureReason", "failureLocation", "inputLocation"}
        | {"outputLocation", "contentType", "endpointName", "receivedTime", "awsRegion", "eventTime", "eventSource"},
    ),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
    "atelier_ops.handlers.base_model": (
        {"event"},
        {"RequestType", "ResponseURL", "StackId", "RequestId", "ResourceType", "LogicalResourceId"}
        | {"PhysicalResourceId", "ResourceProperties", "OldResourceProperties", "AssetBucket", "AssetKey", "Entry"},
    ),
    "atelier_ops.logic.page_files": (
        {"event", "properties"},
        {"RequestType", "ResourceProperties", "AssetBucket", "AssetKey", "Config", "KeyId"},
    ),
}
"""By module, the names that hold an event or a part of one, and the keys that are documented."""

_STATUSES = {"Completed", "Failed"}
"""``invocationStatus``."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for name, (holders, keys) in _HEARD.items():
        module = sources.modules.get(name)
        for node in module.nodes if module else ():
            if module:
                yield from _read(module, node, holders, keys)
                yield from _status(module, node)


def _read(module: Module, node: ast.AST, holders: set[str], keys: set[str]) -> Iterator[Finding]:
    key = _key(node)
    if key is not None and _holder(node) in holders and key not in keys:
        wrong = f"{ast.unparse(node)}: no event of that kind has {key}"
        yield module.finding(_NAME, node, wrong, f"Read what is documented: {', '.join(sorted(keys))}")
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In) and spelt(node.comparators[0]) in holders:
        word = getattr(node.left, "value", None)
        if isinstance(word, str) and word not in keys:
            yield module.finding(_NAME, node, f"no event of that kind has {word}", "Ask for a key that is documented")


def _key(node: ast.AST) -> str | None:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        value = getattr(node.args[0], "value", None)
        return value if isinstance(value, str) else None
    return None


def _holder(node: ast.AST) -> str:
    """The name at the front of ``event["detail"]["object"]``."""
    while isinstance(node, ast.Subscript | ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _status(module: Module, node: ast.AST) -> Iterator[Finding]:
    if isinstance(node, ast.Compare) and "invocationStatus" in spelt(node.left):
        for other in node.comparators:
            value = getattr(other, "value", None)
            if value not in _STATUSES:
                wrong = f"invocationStatus is never {value}"
                yield module.finding(_NAME, node, wrong, f"It is {' or '.join(sorted(_STATUSES))}")
