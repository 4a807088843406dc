"""Values are those that are meant: the tables of ``intended``."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.intended import RESOURCES, STATES
from infra.gate.machines import machines
from infra.gate.sources import Sources

_NAME = "intent"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for kind, start, path, value, why in RESOURCES:
        meant = value.format(stage=assembly.stage) if isinstance(value, str) else value
        for resource in assembly.of(kind):
            got = _at({**resource.body, "Properties": resource.properties}, path)
            if resource.logical_id.startswith(start) and got != meant:
                yield resource.finding(_NAME, f"{path} is {got!r}: {why}", _remedy(meant))
    for machine in machines(assembly):
        for state, path, value, why in STATES:
            got = _at(machine.states.get(state, {}), path)
            meant = value if isinstance(value, tuple) else (value,)
            if state in machine.states and got not in meant:
                yield machine.finding(_NAME, state, f"{path} is {got!r}: {why}", _remedy(" or ".join(map(str, meant))))


def _remedy(meant: Any) -> str:
    wanted = "Remove it" if meant is None else f"Make it {meant!r}"
    return f"{wanted}, or change infra/gate/intended.py where something else is meant"


def _at(node: Any, path: str) -> Any:
    """What the keys lead to; None where there is nothing."""
    for key in path.split("."):
        if isinstance(node, list) and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        elif isinstance(node, Mapping):
            node = node.get(key)
        else:
            return None
    return node
