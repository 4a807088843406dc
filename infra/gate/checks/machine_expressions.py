"""JSONata: every expression compiles, reads only variables that every way to it has assigned, and only keys that a plan has."""

import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from jsonata import Jsonata

from contracts.model import Contract
from contracts.plan import FineTuningPlan, PretrainingPlan
from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.machines import Definition, assigned_before, expressions, machines, strings, variables
from infra.gate.sources import Sources

_NAME = "machine expressions"
_PLAN_PATH = re.compile(r"\$plan((?:\.[A-Za-z_0-9]+)+)")
_STATES = re.compile(r"\$states\.(\w+)")
_CONTEXT = re.compile(r"\$states\.context\.(\w+)(?:\.(\w+))?")
_CONTEXT_KEYS: Mapping[str, set[str]] = {
    "Execution": {"Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"},
    "State": {"EnteredTime", "Name", "RetryCount"},
    "StateMachine": {"Id", "Name"},
    "Task": {"Token"},
}
"""https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html"""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for machine in machines(assembly):
        plan = plan_of(machine)
        known = assigned_before(machine.definition)
        for name, state in machine.states.items():
            yield from _braces(machine, name, state)
            for part, allowed in _parts(state):
                for path, expression in expressions(part):
                    yield from _wrong(machine, name, f"{path}: {expression}", expression, plan)
                    yield from _unassigned(machine, name, expression, known.get(name, set()))
                    yield from _reserved(machine, name, expression, allowed)


def plan_of(machine: Definition) -> type[FineTuningPlan | PretrainingPlan]:
    """The contract of the machine's $plan."""
    return (
        PretrainingPlan
        if str(machine.resource.properties.get("StateMachineName")).endswith("-pretraining")
        else FineTuningPlan
    )


def _parts(state: Mapping[str, Any]) -> Iterator[tuple[Any, set[str]]]:
    """The parts of a state whose expressions may read different things of ``$states``."""
    caught = {"input", "context", "errorOutput"}
    after = {"input", "context", "result"} if state.get("Type") == "Task" else {"input", "context"}
    for key, value in state.items():
        if key == "Catch":
            yield value, caught
        elif key in ("Assign", "Output"):
            yield value, after
        else:
            yield value, {"input", "context"}


def _braces(machine: Definition, name: str, state: Mapping[str, Any]) -> Iterator[Finding]:
    for path, text in strings(state):
        if ("{%" in text or "%}" in text) and not (text.startswith("{%") and text.endswith("%}")):
            wrong = f"{path} holds {text!r}, which is sent as it is"
            yield machine.finding(_NAME, name, wrong, "Put the whole text between {% and %}")
        elif path.endswith(".$") or re.match(r"\$\.|States\.(Format|Array|Json)", text):
            wrong = f"{path} holds {text!r}, which is JSONPath and is sent as it is"
            yield machine.finding(_NAME, name, wrong, "Write it in JSONata, between {% and %}")


def _wrong(
    machine: Definition, name: str, where: str, expression: str, plan: type[FineTuningPlan | PretrainingPlan]
) -> Iterator[Finding]:
    try:
        Jsonata(expression)
    except Exception as error:  # noqa: BLE001 the compiler raises whatever it stumbles over
        yield machine.finding(_NAME, name, f"{where} does not compile: {error}", "Mend the expression")
        return
    for path in _PLAN_PATH.findall(expression):
        if not declares(plan, path.strip(".").split(".")):
            wrong = f"{where} reads $plan{path}, which {plan.__name__} does not declare"
            yield machine.finding(_NAME, name, wrong, "Read a key of the plan, or declare it in contracts/plan.py")
    for outer, inner in _CONTEXT.findall(expression):
        if outer not in _CONTEXT_KEYS or (inner and inner not in _CONTEXT_KEYS[outer]):
            wrong = f"{where} reads $states.context.{outer}.{inner}, which the context object does not have"
            yield machine.finding(_NAME, name, wrong, "See the documentation of the context object")


def _unassigned(machine: Definition, name: str, expression: str, known: set[str]) -> Iterator[Finding]:
    for variable in sorted(variables(expression) - known):
        wrong = f"{expression} reads ${variable}, which not every way to this state has assigned"
        yield machine.finding(_NAME, name, wrong, "Assign it in a state that every way passes")


def _reserved(machine: Definition, name: str, expression: str, allowed: set[str]) -> Iterator[Finding]:
    for key in sorted(set(_STATES.findall(expression)) - allowed):
        wrong = f"{expression} reads $states.{key}; there is only {', '.join(sorted(allowed))} here"
        yield machine.finding(_NAME, name, wrong, "Read it where it exists, and keep it in a variable")


def declares(kind: Any, keys: list[str]) -> bool:
    """Whether a type has the keys, one below the other: fields of a contract, and any key of a mapping."""
    if not keys or kind is Any:
        return True
    choices = [choice for choice in get_args(kind) if choice is not type(None)]
    if get_origin(kind) in (Union, UnionType):
        return any(declares(choice, keys) for choice in choices)
    if get_origin(kind) is Annotated:
        return declares(choices[0], keys)
    if isinstance(kind, type) and issubclass(kind, Contract):
        return keys[0] in kind.model_fields and declares(kind.model_fields[keys[0]].annotation, keys[1:])
    return get_origin(kind) is Mapping and declares(choices[1], keys[1:])
