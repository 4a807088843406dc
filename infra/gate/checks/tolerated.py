"""Error codes that a gateway tolerates are codes of the services called there: another one is never met, and the error comes through."""

import ast
from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.services import errors
from infra.gate.sources import Module, Sources, spelt

_NAME = "tolerated"
_UNMODELLED = {"404", "NotFound", "NoSuchKey", "PreconditionFailed", "ConditionalRequestConflict"}
"""S3 answers these without modelling them."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for module in sources.modules.values():
        if module.name.startswith("atelier_ops.gateways."):
            services = _services(module.tree)
            for node in module.nodes:
                if isinstance(node, ast.With):
                    yield from _codes(module, node, _services(node) or services)


def _codes(module: Module, block: ast.With, services: set[str]) -> Iterator[Finding]:
    known = _UNMODELLED.union(*map(errors, services))
    for item in block.items:
        call = item.context_expr
        if isinstance(call, ast.Call) and spelt(call.func) == "Tolerance":
            for argument in call.args:
                code = argument.value if isinstance(argument, ast.Constant) else None
                if isinstance(code, str) and code not in known:
                    wrong = f"{', '.join(sorted(services))} never fails with {code}"
                    yield module.finding(_NAME, argument, wrong, "Name a code of the service's model")


def _services(node: ast.AST) -> set[str]:
    """``client("sns")`` → ``sns``."""
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call) and spelt(each.func) == "client")
    return {str(each.args[0].value) for each in calls if each.args and isinstance(each.args[0], ast.Constant)}
