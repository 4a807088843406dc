"""The state machines of a stage, read as Step Functions reads them: the definition after its references are resolved."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.location import Location

_VARIABLE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)\b(?!\s*\()")
_PARAMETERS = re.compile(r"function\s*\(([^)]*)\)")
_LOCAL = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)\s*:=")


@dataclass(frozen=True, kw_only=True)
class Definition:
    """``states`` are by name; empty where the definition is no JSON object. ``location`` is where the machine runs."""

    resource: Resource
    definition: Mapping[str, Any]
    location: Location

    @property
    def states(self) -> Mapping[str, Mapping[str, Any]]:
        """Every state by name."""
        found: Mapping[str, Mapping[str, Any]] = self.definition.get("States", {})
        return found

    @property
    def maps(self) -> Mapping[str, Mapping[str, Any]]:
        """The states that do something for each line of a file."""
        return {name: state for name, state in self.states.items() if state.get("Type") == "Map"}

    @property
    def tasks(self) -> Mapping[str, Mapping[str, Any]]:
        """The states that call something, those of maps with them."""
        inner = {
            k: v for each in self.maps.values() for k, v in each.get("ItemProcessor", {}).get("States", {}).items()
        }
        return {name: state for name, state in {**self.states, **inner}.items() if state.get("Type") == "Task"}

    def finding(self, check: str, state: str, wrong: str, remedy: str) -> Finding:
        """What is wrong with one state."""
        return self.resource.finding(check, f"state {state}: {wrong}", remedy)


def machines(assembly: Assembly) -> list[Definition]:
    """Every state machine of the stage."""
    return [
        Definition(
            resource=resource,
            definition=_definition(resource.properties.get("DefinitionString")),
            location=assembly.location,
        )
        for resource in assembly.of("AWS::StepFunctions::StateMachine")
    ]


def _definition(text: Any) -> Mapping[str, Any]:
    try:
        read = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return read if isinstance(read, Mapping) else {}


def integration(state: Mapping[str, Any]) -> str:
    """What a task calls: ``arn:aws:states:::lambda:invoke.waitForTaskToken`` → ``lambda:invoke.waitForTaskToken``."""
    return str(state.get("Resource", "")).rpartition("states:::")[2]


def strings(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text below ``node`` with the keys that lead to it, ``Arguments.Tags.0.Key``."""
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from strings(value, f"{path}.{key}".lstrip("."))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from strings(value, f"{path}.{index}".lstrip("."))


def expressions(node: Any) -> Iterator[tuple[str, str]]:
    """Every JSONata expression below ``node`` without its braces, with the keys that lead to it."""
    for path, text in strings(node):
        if text.startswith("{%"):
            yield path, text[2:].removesuffix("%}").strip()


def variables(expression: str) -> set[str]:
    """The names of the machine's variables that an expression reads; its own parameters and bindings are not the machine's."""
    own = {name.strip().lstrip("$") for found in _PARAMETERS.findall(expression) for name in found.split(",")}
    own |= {"states", *_LOCAL.findall(expression)}
    return {name for name in _VARIABLE.findall(expression) if name not in own}


def ways_on(state: Mapping[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Where a state may go on to, and the variables that it assigns on that way."""
    kept = set(state.get("Assign", {}))
    for choice in (*state.get("Choices", []), *state.get("Catch", [])):
        yield str(choice.get("Next")), set(choice.get("Assign", {}))
    for key in ("Next", "Default"):
        if key in state:
            yield str(state[key]), kept


def assigned_before(definition: Mapping[str, Any]) -> dict[str, set[str]]:
    """By state that can be reached, the variables that every way to it has assigned."""
    states, start = definition.get("States", {}), str(definition.get("StartAt"))
    known: dict[str, set[str]] = {start: set()} if start in states else {}
    waiting = list(known)
    while waiting:
        name = waiting.pop()
        for target, assigned in ways_on(states[name]):
            after = known[name] | assigned
            merged = known[target] & after if target in known else after
            if target in states and known.get(target) != merged:
                known[target] = merged
                waiting.append(target)
    return known
