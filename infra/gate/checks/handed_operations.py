"""Operations whose names are handed on as text exist, as do the members that come along: paginators, presigned addresses, ``getattr``."""

import ast
from collections.abc import Iterator

from botocore.model import StructureShape

from infra.gate.assembly import Assembly
from infra.gate.calls import service_of
from infra.gate.finding import Finding
from infra.gate.services import operations, request_shape
from infra.gate.sources import Module, Sources, spelt

_NAME = "handed operations"
_BY_NAME = ("get_paginator", "get_waiter", "generate_presigned_url")
_OWN = {"PaginationConfig", "ExpiresIn", "Params", "HttpMethod"}


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for module in sources.modules.values():
        if ".gateways." not in module.name:
            continue
        handing = dict(_handing(module))
        for node in module.nodes:
            if isinstance(node, ast.Call):
                yield from _named(module, node)
                yield from _pages(module, node)
                name = node.func.attr if isinstance(node.func, ast.Attribute) else spelt(node.func)
                if name in handing:
                    yield from _handed(module, node, *handing[name])


def _named(module: Module, node: ast.Call) -> Iterator[Finding]:
    """``client("logs").get_paginator("describe_log_groups")``."""
    if isinstance(node.func, ast.Attribute) and node.func.attr in _BY_NAME and node.args:
        service = service_of(node.func.value)
        yield from _known(module, node.args[0], service) if service else ()


def _pages(module: Module, node: ast.Call) -> Iterator[Finding]:
    """The members that ``….get_paginator("…").paginate(…)`` sends."""
    inner = node.func.value if isinstance(node.func, ast.Attribute) and node.func.attr == "paginate" else None
    if not isinstance(inner, ast.Call) or not isinstance(inner.func, ast.Attribute) or not inner.args:
        return
    service, first = service_of(inner.func.value), inner.args[0]
    if service and isinstance(first, ast.Constant):
        yield from _members(module, node, service, str(first.value))


def _handing(module: Module) -> Iterator[tuple[str, tuple[str, str]]]:
    """By function, the service whose operation its first own parameter names, and that parameter."""
    for node in module.nodes:
        if not isinstance(node, ast.FunctionDef):
            continue
        parameters = [each.arg for each in node.args.args if each.arg != "self"]
        for inner in ast.walk(node):
            if not isinstance(inner, ast.Call) or not parameters:
                continue
            by_getattr = spelt(inner.func) == "getattr" and len(inner.args) == 2
            target = inner.args[0] if by_getattr else getattr(inner.func, "value", None)
            named = inner.args[1:2] if by_getattr else inner.args[:1]
            service = service_of(target) if target is not None else ""
            asks = by_getattr or getattr(inner.func, "attr", "") in _BY_NAME
            if service and asks and named and ast.unparse(named[0]) == parameters[0]:
                yield node.name, (service, parameters[0])


def _handed(module: Module, node: ast.Call, service: str, parameter: str) -> Iterator[Finding]:
    """``self._send("send_task_success", taskToken=token)``."""
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield from _known(module, first, service)
        yield from _members(module, node, service, first.value)


def _known(module: Module, node: ast.expr, service: str) -> Iterator[Finding]:
    if isinstance(node, ast.Constant) and node.value not in operations(service):
        wrong = f"{service} has no operation {node.value!r}"
        yield module.finding(_NAME, node, wrong, "Name one that its client has")


def _members(module: Module, node: ast.Call, service: str, method: str) -> Iterator[Finding]:
    operation = operations(service).get(method)
    shape = request_shape(service, operation) if operation else None
    if not isinstance(shape, StructureShape):
        return
    for keyword in node.keywords:
        if keyword.arg and keyword.arg not in shape.members and keyword.arg not in _OWN:
            wrong = f"{operation} of {service} takes no {keyword.arg}"
            yield module.finding(_NAME, keyword.value, wrong, f"It takes {', '.join(sorted(shape.members))}")
