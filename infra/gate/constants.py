"""Numbers and texts that modules give a name: ``KEEP = 7 * 86_400``."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from infra.gate.sources import Sources

_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def constant(sources: Sources, module: str, name: str) -> Any:
    """The value of a module's name, imported ones too; None where it is no plain number or text."""
    found = sources.modules.get(module)
    for node in found.tree.body if found else ():
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == name for target in node.targets):
            return value_of(sources, module, node.value)
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name and node.value is not None:
            return value_of(sources, module, node.value)
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name and node.module:
                    return constant(sources, node.module, alias.name)
    return None


def value_of(sources: Sources, module: str, node: ast.expr) -> Any:
    """The value of an expression of numbers, texts and names of such."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return constant(sources, module, node.id)
    if isinstance(node, ast.BinOp):
        left, right = value_of(sources, module, node.left), value_of(sources, module, node.right)
        numbers = all(isinstance(side, int | float) for side in (left, right))
        return _OPERATORS[type(node.op)](left, right) if numbers and type(node.op) in _OPERATORS else None
    return None
