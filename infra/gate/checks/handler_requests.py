"""Each call that a handler writes out is one that its service takes: members, required ones, enumerations and ranges."""

import ast
from collections.abc import Iterator
from typing import Any

from botocore.model import StructureShape

from infra.gate.assembly import Assembly
from infra.gate.calls import MANAGED, service_of
from infra.gate.constants import value_of
from infra.gate.finding import Finding
from infra.gate.requests import problems
from infra.gate.services import errors, operations, request_shape
from infra.gate.sources import Module, Sources, spelt
from infra.gate.values import Unknown

_NAME = "handler requests"
_CLIENTS_OWN = {
    "get_paginator",
    "get_waiter",
    "generate_presigned_url",
    "generate_presigned_post",
    "can_paginate",
    "close",
    "meta",
    "exceptions",
}
_UNMODELLED = {
    "404",
    "409",
    "AccessDenied",
    "AccessDeniedException",
    "ConditionalRequestConflict",
    "InternalFailure",
    "NotFound",
    "PreconditionFailed",
    "ServiceUnavailable",
    "ThrottlingException",
    "ValidationError",
    "ValidationException",
}
"""Codes that services answer though their models do not name them.

https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and …/sagemaker/latest/APIReference/CommonErrors.html
"""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for module in sources.modules.values():
        if ".gateways." not in module.name:
            continue
        used = set[str]()
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and (service := service_of(node.value)):
                used.add(service)
                yield from _known(module, node, service)
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and (service := service_of(node.func.value))
            ):
                yield from _sent(sources, module, node, service, node.func.attr)
            if (
                isinstance(node, ast.Call)
                and spelt(node.func) == "getattr"
                and node.args
                and (service := service_of(node.args[0]))
            ):
                used.add(service)
        yield from _codes(module, used)


def _known(module: Module, node: ast.Attribute, service: str) -> Iterator[Finding]:
    own = _CLIENTS_OWN | (set(MANAGED) if service == "s3" else set())
    if not operations(service):
        yield module.finding(_NAME, node, f"boto3 has no service {service}", "Name one that it has")
    elif node.attr not in operations(service) and node.attr not in own:
        yield module.finding(_NAME, node, f"{service} has no operation {node.attr}", "Name one that its client has")


def _sent(sources: Sources, module: Module, node: ast.Call, service: str, method: str) -> Iterator[Finding]:
    operation = operations(service).get(method)
    shape = request_shape(service, operation) if operation else None
    if not isinstance(shape, StructureShape):
        return
    request = {keyword.arg: _value(sources, module.name, keyword.value) for keyword in node.keywords if keyword.arg}
    if any(keyword.arg is None for keyword in node.keywords):
        request |= {name: Unknown() for name in shape.required_members if name not in request}
    for problem in problems(request, shape):
        yield module.finding(_NAME, node, problem, f"Send what {operation} of {service} takes")


def _value(sources: Sources, module: str, node: ast.expr) -> Any:
    """A value as far as it is written out."""
    if isinstance(node, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if all(isinstance(key, str) for key in keys):
            return {key: _value(sources, module, value) for key, value in zip(keys, node.values, strict=True)}
    found = value_of(sources, module, node)
    return Unknown() if found is None else found


def _codes(module: Module, services: set[str]) -> Iterator[Finding]:
    """The codes that ``Tolerance`` and ``error_code`` wait for are codes that one of the module's services answers."""
    known = _UNMODELLED.union(*(errors(service) for service in services)) if services else None
    for node in module.nodes:
        if known is None or not isinstance(node, ast.Call | ast.Compare):
            continue
        texts = node.args if isinstance(node, ast.Call) and spelt(node.func) == "Tolerance" else []
        if isinstance(node, ast.Compare) and spelt(node.left).startswith("error_code("):
            texts = node.comparators
        for text in texts:
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value not in known:
                wrong = f"{', '.join(sorted(services))} never answers {text.value}"
                yield module.finding(_NAME, text, wrong, "Name a code of the service's model")
