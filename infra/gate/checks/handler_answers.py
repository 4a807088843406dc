"""What gateways read of a service's answers is in them: members are followed from the call through names, loops and pages."""

import ast
from collections.abc import Iterator

from botocore.model import ListShape, MapShape, Shape, StructureShape

from infra.gate.assembly import Assembly
from infra.gate.calls import service_of
from infra.gate.finding import Finding
from infra.gate.services import operations, service
from infra.gate.sources import Module, Sources

_NAME = "handler answers"
_REMEDY = "Read a member of its answer"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for module in sources.modules.values():
        if ".gateways." in module.name:
            for node in module.nodes:
                if isinstance(node, ast.FunctionDef):
                    yield from _Reader(module).read(node)


class _Reader:
    """One function: names whose value is a part of an answer, with its shape."""

    def __init__(self, module: Module) -> None:
        self._module, self._known = module, dict[str, Shape]()

    def read(self, function: ast.FunctionDef) -> Iterator[Finding]:
        """What it reads that is not there. Names are bound first, because a comprehension reads before it binds."""
        for _ in range(3):  # pages of a call that another name holds
            for node in ast.walk(function):
                self._bind(node)
        for node in ast.walk(function):
            owner, key = _read(node)
            shape = self._shape(owner) if owner is not None else None
            if isinstance(shape, StructureShape) and key and key not in shape.members:
                some = ", ".join(sorted(shape.members)[:12])
                wrong = f"{ast.unparse(node)}: {shape.name} has no {key}"
                yield self._module.finding(_NAME, node, wrong, f"{_REMEDY}: {some}")

    def _bind(self, node: ast.AST) -> None:
        pairs: list[tuple[ast.expr, ast.expr, bool]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value, False) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            pairs = [(node.target, node.value, False)] if node.value is not None else []
        elif isinstance(node, ast.For | ast.comprehension):
            pairs = [(node.target, node.iter, True)]
        for target, value, each in pairs:
            shape = self._each(value) if each else self._shape(value)
            if isinstance(target, ast.Name) and shape is not None:
                self._known[target.id] = shape

    def _each(self, node: ast.expr) -> Shape | None:
        """The shape of what a loop over the value finds."""
        if isinstance(node, ast.GeneratorExp | ast.ListComp):
            return self._shape(node.elt)
        shape = self._shape(node)
        return shape.member if isinstance(shape, ListShape) else shape if _pages(node, self._known) else None

    def _shape(self, node: ast.expr | None) -> Shape | None:
        if isinstance(node, ast.Name):
            return self._known.get(node.id)
        if isinstance(node, ast.BoolOp):
            return self._shape(node.values[0])
        if isinstance(node, ast.Call):
            answered = _answer(node)
            if answered is not None:
                return answered
        owner, key = _read(node) if node is not None else (None, "")
        shape = self._shape(owner) if owner is not None else None
        if isinstance(shape, StructureShape):
            member: Shape | None = shape.members.get(key)
            return member
        if isinstance(shape, MapShape):
            return shape.value
        return shape.member if isinstance(shape, ListShape) and key == "0" else None


def _read(node: ast.AST | None) -> tuple[ast.expr | None, str]:
    """``answer["Key"]`` and ``answer.get("Key")``: what is read, and which key."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return node.value, str(node.slice.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        first = node.args[0]
        return (node.func.value, str(first.value)) if isinstance(first, ast.Constant) else (None, "")
    return None, ""


def _answer(node: ast.Call) -> Shape | None:
    """What a client's call answers, and what each page of ``client(…).get_paginator("…").paginate(…)`` is."""
    function = node.func
    if not isinstance(function, ast.Attribute):
        return None
    if function.attr in ("paginate", "build_full_result"):
        return _paged(function.value)
    name = service_of(function.value)
    return _output(name, function.attr) if name else None


def _paged(node: ast.expr) -> Shape | None:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "get_paginator":
            name, first = service_of(inner.func.value), inner.args[0] if inner.args else None
            return _output(name, str(first.value)) if name and isinstance(first, ast.Constant) else None
    return None


def _pages(node: ast.expr, known: dict[str, Shape]) -> bool:
    """Whether a loop over the value goes from page to page, each of the answer's own shape."""
    paginates = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "paginate"
    return paginates or (isinstance(node, ast.Name) and node.id == "pages" and node.id in known)


def _output(name: str, method: str) -> Shape | None:
    operation, model = operations(name).get(method), service(name)
    return model.operation_model(operation).output_shape if operation and model else None
