"""schemathesis's hooks: what is no failure of the API. Its command loads this module."""

import ast
import gc
from typing import Any

import schemathesis

from bench.clients.refusals import is_foreseen

_parse = ast.parse


def _undisturbed(*arguments: Any, **named: Any) -> Any:
    """``ast.parse`` while no garbage is collected.

    Hypothesis, which shows the source of lambdas, changes the recursion limit and takes that back when a generator that nobody uses any
    more is collected: meanwhile Python 3.11's parser counts its own depth, and raises SystemError.
    """
    gc.disable()
    try:
        return _parse(*arguments, **named)
    finally:
        gc.enable()


ast.parse = _undisturbed

AnyCase = schemathesis.Case[Any]


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Exception, case: AnyCase, response: schemathesis.Response
) -> bool:
    """Whether a failure is one: not where what fits its schema is refused for what no schema can foresee."""
    rejected = type(failure).__name__ == "RejectedPositiveData" and response.status_code == 422
    return not rejected or is_foreseen(str(case.operation.definition.raw.get("operationId")), response.text)


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: AnyCase) -> bool:
    """Whether a request is what it is taken for: one that is called right, and has a part that is called wrong, proves nothing."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return True
    return all(part.mode.is_positive for part in case.meta.components.values())
