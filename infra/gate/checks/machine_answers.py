"""What states send to handlers and read of answers: the keys that each handler's docstring names, and the members of a service's answer."""

import ast
import re
from collections.abc import Iterator, Mapping

from botocore.model import StructureShape
from jsonata import Jsonata

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.machines import Definition, expressions, integration, machines
from infra.gate.services import called, service
from infra.gate.sources import Module, Sources

_NAME = "machine answers"
_KEYS = re.compile(r"``\{([^}]*)\}``")
_RESULT = re.compile(r"\$states\.result\.(\w+)(?:\.(\w+))?")
_FUNCTION = re.compile(r"\$([A-Za-z]\w*)\s*\(")
_INVOKED = {"ExecutedVersion", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"}
_LONGEST_SUBJECT = 100
_LONGEST_NAME = 40


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    names = {function.name: name for name, function in handlers(assembly).items()}
    for machine in machines(assembly):
        for name, state in machine.states.items():
            yield from _functions(machine, name, state)
        for name, state in machine.tasks.items():
            arguments = state.get("Arguments")
            call = str(arguments.get("FunctionName", "")) if isinstance(arguments, Mapping) else ""
            invoked = next((names[each.name] for each in assembly.referenced(call) if each.name in names), "")
            module = sources.handlers.get(invoked)
            if module is not None:
                yield from _payload(machine, name, state, module)
            yield from _results(machine, name, state)
            if integration(state) == "sns:publish" and isinstance(arguments, Mapping):
                yield from _subject(machine, name, str(arguments.get("Subject", "")))


def _functions(machine: Definition, name: str, state: Mapping[str, object]) -> Iterator[Finding]:
    frame = Jsonata("1").environment
    for path, expression in expressions(state):
        code = re.sub(r"'[^']*'", "''", expression)
        for function in sorted(set(_FUNCTION.findall(code))):
            if frame.lookup(function) is None:
                yield machine.finding(
                    _NAME, name, f"{path}: JSONata has no function ${function}", "Spell it as documented"
                )


def declared(module: Module) -> list[set[str]]:
    """What ``handler``'s docstring says it gets and gives: ``{"plan", "version"}`` → ``{"promotion"}``."""
    functions = (node for node in module.tree.body if isinstance(node, ast.FunctionDef) and node.name == "handler")
    text = next((ast.get_docstring(node) or "" for node in functions), "").split(".")[0]
    return [set(re.findall(r'"(\w+)"', keys)) for keys in _KEYS.findall(text)]


def _payload(machine: Definition, name: str, state: Mapping[str, object], module: Module) -> Iterator[Finding]:
    said = declared(module)
    payload = getattr(state.get("Arguments"), "get", lambda _: None)("Payload")
    if said and isinstance(payload, Mapping):
        for key in sorted(said[0] - set(payload)):
            wrong = f"it sends no {key}, which {module.file} says it gets"
            yield machine.finding(_NAME, name, wrong, "Send it, or correct the handler's docstring")
        for key in sorted(set(payload) - said[0]):
            wrong = f"it sends {key}, which {module.file} does not say it gets"
            yield machine.finding(_NAME, name, wrong, "Remove it, or say in the handler's docstring what it is for")
    if len(said) > 1:
        assigned = [expression for _, expression in expressions(state.get("Assign", {}))]
        for member, key in (found for each in assigned for found in _RESULT.findall(each)):
            if member == "Payload" and key and key not in said[1]:
                wrong = f"it reads {key} of an answer of {', '.join(sorted(said[1]))} ({module.file})"
                yield machine.finding(_NAME, name, wrong, "Read what the handler's docstring says it gives")


def _results(machine: Definition, name: str, state: Mapping[str, object]) -> Iterator[Finding]:
    call = integration(state)
    if call.endswith(".waitForTaskToken"):
        return
    members = _members(call)
    for path, expression in expressions({key: state[key] for key in ("Assign", "Output") if key in state}):
        for member, _ in _RESULT.findall(expression):
            if members and member not in members:
                some = ", ".join(sorted(members)[:12])
                yield machine.finding(
                    _NAME, name, f"{path}: {call} answers no {member}", f"Read a member of its answer: {some}"
                )


def _members(call: str) -> set[str]:
    if call.startswith("lambda:invoke"):
        return _INVOKED
    operation = called(call)
    model = service(operation[0]) if operation else None
    if operation is None or model is None:
        return set()
    # .sync answers what Describe does.
    wanted = operation[1].replace("Create", "Describe") if call.endswith(".sync") else operation[1]
    shape = model.operation_model(wanted).output_shape
    return set(shape.members) if isinstance(shape, StructureShape) else set()


def _subject(machine: Definition, name: str, subject: str) -> Iterator[Finding]:
    literal = "".join(re.findall(r"'([^']*)'", subject)) if subject.startswith("{%") else subject
    if len(literal) > _LONGEST_SUBJECT - _LONGEST_NAME:
        wrong = f"Subject has {len(literal)} characters besides the names in it; SNS takes {_LONGEST_SUBJECT} in all"
        yield machine.finding(_NAME, name, wrong, "Say it in fewer words")
