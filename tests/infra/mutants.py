"""Templates with one defect: a copy of an assembly in which one place was changed."""

import ast
import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.machines import machines
from infra.gate.sources import Sources

Change = Callable[[dict[str, Any]], None]


def asked(check: str, assembly: Assembly, root: Path, *edits: tuple[str, str, str]) -> list[Finding]:
    """What one check says; each edit names a file of the sources, a text in it and what stands there instead."""
    sources = Sources.below(root)
    for edit in edits:
        sources = edited(sources, *edit)
    module = import_module(f"infra.gate.checks.{check.replace(' ', '_')}")
    found: list[Finding] = list(module.check(assembly, sources))
    assert {each.check for each in found} <= {check}
    return found


def edited(sources: Sources, file: str, old: str, new: str) -> Sources:
    """The sources with one text of a file replaced."""
    (name,) = [name for name, module in sources.modules.items() if module.file == file]
    text = (sources.root / file).read_text(encoding="utf-8")
    assert old in text, f"{file} has no {old!r}"
    module = replace(sources.modules[name], tree=ast.parse(text.replace(old, new)))
    return replace(sources, modules={**sources.modules, name: module})


def changed(assembly: Assembly, kind: str, change: Change, *, named: str = "") -> Assembly:
    """``change`` is applied to the body of the first resource of the kind whose ``Stack/LogicalId`` starts with ``named``."""
    resource = next(each for each in assembly.of(kind) if each.name.startswith(named))
    templates = copy.deepcopy(dict(assembly.templates))
    change(templates[resource.stack]["Resources"][resource.logical_id])
    return replace(assembly, templates=templates)


def changed_machine(assembly: Assembly, change: Change, *, named: str = "Workflow") -> Assembly:
    """``change`` is applied to the definition of a machine, whose references stay what they are."""
    machine = next(each for each in machines(assembly) if each.resource.logical_id.startswith(named))
    definition = copy.deepcopy(dict(machine.definition))
    change(definition)

    def write(body: dict[str, Any]) -> None:
        body["Properties"]["DefinitionString"] = json.dumps(definition)

    return changed(assembly, machine.resource.kind, write, named=machine.resource.name)


def put(*keys: Any, value: Any) -> Change:
    """The change that sets what lies below ``keys``."""

    def change(node: Any) -> None:
        *outer, last = keys
        for key in outer:
            node = node[key]
        node[last] = value

    return change


def drop(*keys: Any) -> Change:
    """The change that removes what lies below ``keys``."""

    def change(node: Any) -> None:
        *outer, last = keys
        for key in outer:
            node = node[key]
        del node[last]

    return change


def state(name: str, change: Change) -> Change:
    """The change of one state of a definition."""

    def inner(definition: Mapping[str, Any]) -> None:
        change(definition["States"][name])

    return inner
