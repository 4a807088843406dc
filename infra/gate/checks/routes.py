"""Every route that is declared is answered, and what is answered is declared."""

import ast
from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.sources import Module, Sources, spelt

_NAME = "routes"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    routes = [module for name, module in sources.modules.items() if name.startswith("contracts.routes.")]
    api = sources.modules.get("atelier_ops.logic.api")
    if not routes or api is None:
        return
    declared = {name: module.file for module in routes for name in _declared(module)}
    answered, node = _answered(api)
    for name in sorted(set(declared) - answered):
        wrong = f"nothing answers {name}, which {declared[name]} declares"
        yield api.finding(_NAME, node, wrong, "Add the function that answers it to ANSWERS")
    for name in sorted(answered - set(declared)):
        wrong = f"ANSWERS has {name}, which no file of contracts/routes/ declares"
        yield api.finding(_NAME, node, wrong, "Declare the route, or remove the answer")


def _declared(module: Module) -> list[str]:
    calls = (node for node in module.nodes if isinstance(node, ast.Call) and spelt(node.func) == "Route")
    words = (word for call in calls for word in call.keywords if word.arg == "name")
    return [str(word.value.value) for word in words if isinstance(word.value, ast.Constant)]


def _answered(module: Module) -> tuple[set[str], ast.AST]:
    for node in module.tree.body:
        if (
            isinstance(node, ast.AnnAssign)
            and ast.unparse(node.target) == "ANSWERS"
            and isinstance(node.value, ast.Dict)
        ):
            return {str(key.value) for key in node.value.keys if isinstance(key, ast.Constant)}, node
    return set(), module.tree
