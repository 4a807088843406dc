"""Metric math, as far as our alarms use it: numbers, ids, comparisons, AND, OR, + - * /, IF and FILL.

Source: CloudWatch User Guide, "Using metric math". A moment at which an id has no value has no result, unless FILL gives it one.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Series = Sequence[float | None]
_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_WORDS = {r"\bAND\b|&&": " and ", r"\bOR\b|\|\|": " or "}


class ExpressionError(ValueError):
    """An expression that is no metric math, or more of it than the local cloud knows."""


def evaluate(expression: str, series: Mapping[str, Series]) -> list[float | None]:
    """The values of an expression, one for each of the values that every series has."""
    text = expression
    for word, ours in _WORDS.items():
        text = re.sub(word, ours, text)
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"metric math: got {expression!r}: {error.msg}") from error
    length = max((len(values) for values in series.values()), default=0)
    return [_value(tree, {name: values[index] for name, values in series.items()}) for index in range(length)]


def _value(node: ast.expr, known: Mapping[str, float | None]) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.Call(func=ast.Name(id="FILL"), args=[filled, ast.Constant(value=int() | float() as number)]):
            value = _value(filled, known)
            return float(number) if value is None else value
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            decided = _value(condition, known)
            return None if decided is None else _value(then if decided else otherwise, known)
        case ast.BoolOp(op=word, values=parts):
            every = [_value(part, known) for part in parts]
            return None if None in every else float((all if isinstance(word, ast.And) else any)(every))
        case ast.BinOp(left=left, op=sign, right=right) | ast.Compare(left=left, ops=[sign], comparators=[right]):
            return _combined(sign, _value(left, known), _value(right, known))
    raise ExpressionError(
        f"metric math: got {ast.unparse(node)!r}; allowed: {', '.join(known)}, numbers, IF, FILL, AND, OR"
    )


def _combined(sign: ast.AST, left: float | None, right: float | None) -> float | None:
    act = _OPERATORS.get(type(sign))
    if act is None:
        raise ExpressionError(f"metric math: got the operator {type(sign).__name__}")
    return None if left is None or right is None or (act is operator.truediv and not right) else float(act(left, right))
