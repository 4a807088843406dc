"""What handlers promise: they answer what their docstring says, task tokens are answered with what states read, retried errors occur."""

import ast
import re
from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.checks.machine_answers import declared
from infra.gate.finding import Finding
from infra.gate.machines import expressions, integration, machines
from infra.gate.sources import Module, Sources, spelt

_NAME = "handler promises"
_TOKEN_RESULT = re.compile(r"\$states\.result\.(\w+)")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for module in sources.handlers.values():
        yield from _answered(sources, module)
        yield from _called(module)
    yield from _tokens(assembly, sources)
    yield from _raised(assembly, sources)


def _called(module: Module) -> Iterator[Finding]:
    """Lambda hands over an event and a context."""
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "handler" and len(node.args.args) != 2:
            yield module.finding(
                _NAME, node, f"handler takes {len(node.args.args)} arguments", "Take event and context"
            )


def _answered(sources: Sources, module: Module) -> Iterator[Finding]:
    said = declared(module)
    node = _function(module, "handler")
    if len(said) < 2 or node is None:
        return
    got = _returned(sources, module, node)
    if got and got != said[1]:
        wrong = f"it answers {', '.join(sorted(got))}, and its docstring says {', '.join(sorted(said[1]))}"
        yield module.finding(_NAME, node, wrong, "Let both say what the state machine reads")


def _function(module: Module, name: str) -> ast.FunctionDef | None:
    found = (node for node in module.tree.body if isinstance(node, ast.FunctionDef) and node.name == name)
    return next(found, None)


def _returned(sources: Sources, module: Module, function: ast.FunctionDef) -> set[str]:
    """The keys of the dictionary that a function returns; nothing where that cannot be told."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            found = _keys(sources, module, function, node.value)
            if found:
                return found
    return set()


def _keys(sources: Sources, module: Module, function: ast.FunctionDef, node: ast.expr) -> set[str]:
    if isinstance(node, ast.Dict):
        return {str(key.value) for key in node.keys if isinstance(key, ast.Constant)}
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = (_keys(sources, module, function, side) for side in (node.left, node.right))
        return left | right if left and right else set()
    if isinstance(node, ast.Name):
        values = [
            n.value for n in ast.walk(function) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == node.id
        ]
        return _keys(sources, module, function, values[0]) if values else set()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        inner, place = _meant(sources, module, node.func.id)
        return _returned(sources, place, inner) if inner and place else set()
    return set()


def _meant(sources: Sources, module: Module, name: str) -> tuple[ast.FunctionDef | None, Module | None]:
    """The function of ours that a name of a module means."""
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom) and name in [alias.asname or alias.name for alias in node.names]:
            place = sources.modules.get(str(node.module))
            return (_function(place, name), place) if place else (None, None)
    return _function(module, name), module


def _tokens(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """What states read of the answers to their tokens is in some answer."""
    given = set[str]()
    for module in sources.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "succeed":
                for argument in (each for each in node.args if isinstance(each, ast.Dict)):
                    given |= {str(key.value) for key in argument.keys if isinstance(key, ast.Constant)}
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            if integration(state).endswith(".waitForTaskToken"):
                read = {key for _, text in expressions(state.get("Assign", {})) for key in _TOKEN_RESULT.findall(text)}
                for key in sorted(read - given):
                    wrong = f"it reads {key}, which no answer to a task token holds ({', '.join(sorted(given))})"
                    yield machine.finding(_NAME, name, wrong, "Read what Tokens.succeed is called with")


def _raised(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """An error of ours that a state retries is raised by what its handler can reach."""
    raised = _raises(sources)
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            errors = {str(error) for rule in state.get("Retry", []) for error in rule.get("ErrorEquals", [])}
            for error in sorted(each for each in errors if "." not in each and each not in raised):
                wrong = f"it retries {error}, which nothing raises any more"
                yield machine.finding(_NAME, name, wrong, "Name the error that says that a later try may succeed")
            final = sorted(error for error in errors if error in raised and not _passes(error))
            for error in final:
                wrong = f"it retries {error}, which is as true a minute later"
                yield machine.finding(_NAME, name, wrong, "Retry only what passes: Errors called …Busy or …Unavailable")


def _passes(error: str) -> bool:
    return any(word in error for word in ("Busy", "Unavailable", "Timeout", "Throttl", "Race"))


def _raises(sources: Sources) -> set[str]:
    found = set[str]()
    for module in sources.modules.values():
        for node in module.nodes:
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                found.add(spelt(node.exc.func).rpartition(".")[2])
    return found
