"""Whether the gate names a planted defect."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from bench.gate.mutant import Mutant, Planted, World
from bench.gate.stages import tabled
from infra.gate.assembly import Assembly
from infra.gate.door import findings
from infra.gate.finding import Finding
from infra.gate.validators import validate


class Judge:
    """Knows what the gate says of the world as it is, and looks for what it says besides."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._folder = world, folder
        with tabled(world.assembly.stage):
            self._known = {_told(each) for each in findings(world.assembly, world.root)}
        for stack in world.assembly.templates:
            self._known |= {_told(each) for each in self._validated(world.assembly, stack)}

    def verdict(self, mutant: Mutant) -> str:
        """The finding that names the defect, or nothing."""
        with tabled(mutant.stage), mutant.planted(self._world) as planted:
            named = self._named(planted, findings(planted.world.assembly, planted.world.root))
            if not named and planted.stack:
                named = self._named(planted, self._validated(planted.world.assembly, planted.stack))
        return named

    def _named(self, planted: Planted, found: Iterable[Finding]) -> str:
        new = (each for each in found if _told(each) not in self._known)
        words = (each for each in new if each.remedy.strip() and _names(each, planted.places))
        return next((str(each) for each in words), "")

    def _validated(self, assembly: Assembly, stack: str) -> list[Finding]:
        """What the validators of templates say of one stack."""
        folder = self._folder / "validated"
        folder.mkdir(exist_ok=True)
        text = json.dumps(assembly.templates[stack], indent=1)
        (folder / f"{stack}.template.json").write_text(text, encoding="utf-8")
        alone = replace(assembly, templates={stack: assembly.templates[stack]})
        return list(validate(alone, folder))


def _told(finding: Finding) -> tuple[str, str, str]:
    """A finding without the numbers of lines, which move with what stands above them."""
    return re.sub(r":\d+", "", finding.place), finding.check, re.sub(r":\d+", "", finding.wrong)


def _names(finding: Finding, places: frozenset[str]) -> bool:
    return any(place in finding.place or place in finding.wrong for place in places)
