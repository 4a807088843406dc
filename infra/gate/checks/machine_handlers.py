"""A state that calls a Lambda calls the handler of its own name, and sends what that handler reads of its event."""

import ast
import re
from collections.abc import Iterator, Mapping

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.machines import Definition, integration, machines
from infra.gate.sources import Module, Sources

_NAME = "machine handlers"
_OTHERS: Mapping[str, str] = {"UndoRollout": "remove_endpoints"}
"""States that call a handler of another name."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    by_function = {function.name: handler for handler, function in handlers(assembly).items()}
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            if not integration(state).startswith("lambda:invoke"):
                continue
            called = assembly.referenced(str(state.get("Arguments", {}).get("FunctionName")))
            handler = next((by_function[each.name] for each in called if each.name in by_function), "")
            if handler not in _meant(machine, name):
                wrong = f"it calls {handler or state.get('Arguments', {}).get('FunctionName')}"
                yield machine.finding(_NAME, name, wrong, f"Call {' or '.join(_meant(machine, name))}")
            elif handler in sources.handlers:
                yield from _sent(machine, name, sources.handlers[handler])


def _meant(machine: Definition, state: str) -> tuple[str, ...]:
    """``SmokeTest`` → ``smoke_test``; the pretraining machine has some of its own, ``publish_base``."""
    own = _OTHERS.get(state, re.sub(r"(?<=[a-z])(?=[A-Z])", "_", state).lower())
    return (
        {"prepare": ("prepare_pretraining",), "publish": ("publish_base",)}.get(own, (own,))
        if _pretrains(machine)
        else (own,)
    )


def _pretrains(machine: Definition) -> bool:
    return str(machine.resource.properties.get("StateMachineName")).endswith("-pretraining")


def _sent(machine: Definition, name: str, module: Module) -> Iterator[Finding]:
    payload = machine.tasks[name].get("Arguments", {}).get("Payload")
    if not isinstance(payload, Mapping):
        return
    for key in sorted(_read(module) - set(payload)):
        wrong = f"{module.file} reads event[{key!r}], which its payload does not hold"
        yield machine.finding(_NAME, name, wrong, "Add it to the payload")


def _read(module: Module) -> set[str]:
    """The keys of its event that a handler reads without asking whether they are there."""
    functions = (node for node in module.tree.body if isinstance(node, ast.FunctionDef) and node.name == "handler")
    read = (node for function in functions for node in ast.walk(function) if isinstance(node, ast.Subscript))
    keys = (node.slice for node in read if ast.unparse(node.value) == "event")
    return {key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
