"""One defect, and how it is planted."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from bench.gate.changes import Change
from bench.gate.definition import change_definition
from infra.gate.assembly import Assembly

USUAL_STAGE = "dev"
"""The stage whose world most defects are planted in."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What the gate reads: one stage's templates, and a copy of the sources at ``root``."""

    assembly: Assembly
    root: Path

    def with_templates(self, templates: Mapping[str, Mapping[str, Any]]) -> "World":
        """The same sources and other templates."""
        return replace(self, assembly=replace(self.assembly, templates=templates))


@dataclass(frozen=True, kw_only=True)
class Planted:
    """The world with one defect in it: ``stack`` is the template that has it, ``places`` are names that a finding may call it by."""

    world: World
    stack: str
    places: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A defect of a template of ``stage``. ``at`` is a stack and the beginning of a logical id, ``Storage/BucketsData``.

    ``state`` is the state of a machine that is changed; without ``change`` the resource is removed.
    """

    name: str
    at: str
    change: Change | None = None
    state: str = ""
    stage: str = USUAL_STAGE

    @contextmanager
    def planted(self, world: World) -> Iterator[Planted]:
        """The world with the defect. Raises ValueError or KeyError where it has no place any more."""
        stack, _, start = self.at.partition("/")
        template = copy.deepcopy(dict(world.assembly.templates[stack]))
        logical_id = _only(template["Resources"], start)
        places = {logical_id, *_neighbours(world.assembly, f"{stack}/{logical_id}")}
        if self.change is None:
            del template["Resources"][logical_id]
        elif self.state:
            change_definition(template["Resources"][logical_id], self._change_state)
        else:
            self.change(template["Resources"][logical_id])
        yield Planted(
            world=world.with_templates({**world.assembly.templates, stack: template}),
            stack=stack,
            places=frozenset(places),
        )

    def _change_state(self, definition: dict[str, Any]) -> None:
        assert self.change is not None
        self.change(definition if self.state == "*" else definition["States"][self.state])


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A defect of a source: ``old`` became ``new`` in the file ``at``. ``breaks`` is the other end of a relation that it breaks."""

    name: str
    at: str
    old: str
    new: str
    breaks: str = ""
    stage: ClassVar[str] = USUAL_STAGE

    @contextmanager
    def planted(self, world: World) -> Iterator[Planted]:
        """The world with the defect, until the block ends."""
        file = world.root / self.at
        before = file.read_text(encoding="utf-8")
        if self.old not in before:
            raise ValueError(f"{self.at} does not say {self.old!r}")
        file.write_text(before.replace(self.old, self.new, 1), encoding="utf-8")
        try:
            yield Planted(world=world, stack="", places=frozenset({self.at, self.breaks or self.at}))
        finally:
            file.write_text(before, encoding="utf-8")


Mutant = Defect | Slip


def _only(resources: Mapping[str, Any], start: str) -> str:
    found = [logical_id for logical_id in resources if logical_id.startswith(start)]
    if len(found) != 1:
        raise ValueError(f"{start} begins the logical ids {found}; allowed: those of one resource")
    return found[0]


def _neighbours(assembly: Assembly, name: str) -> Iterator[str]:
    """The logical ids of what names the resource, and of what it names: a relation that broke may be told from either end."""
    resource = assembly.resources[name]
    yield from (each.logical_id for each in assembly.referenced(resource.properties))
    yield from (
        other.logical_id for other in assembly.resources.values() if resource in assembly.referenced(other.properties)
    )
