"""A few of the defects of ``make gate-score`` on every run: one of each family, and one of each kind of check that reads sources."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.gate.families import (
    api,
    batch_parts,
    batches,
    events,
    functions,
    machine,
    places,
    real_time,
    roles,
    scaling,
    serving,
    sources,
    storage,
    watching,
)
from bench.gate.mutant import Mutant, World
from bench.gate.mutants import every_mutant
from bench.gate.stages import tabled
from bench.gate.worlds import copied_sources
from contracts.release import ReleaseRules
from infra.config import STAGES
from infra.gate.assembly import Assembly
from infra.gate.checks import production
from infra.gate.door import findings
from infra.gate.sources import Sources
from tests.infra.conftest import Synthesized

_FAMILIES = (
    *(api, batch_parts, batches, events, functions, machine, places, roles, scaling, serving, storage, watching),
)
_SAMPLE = [family.MUTANTS[0] for family in _FAMILIES]
_SLIPS = [
    mutant
    for mutant in sources.MUTANTS
    if mutant.name
    in {
        "a secret is written down",
        "the README names a command that is not there",
        "a deregistration tolerates an error that never comes",
        "a price is ten times what it is",
    }
]

_OF_REAL_TIME = {
    "a real-time fleet follows nothing",
    "whoever asks real-time endpoints ends before a busy one has a place",
    "what could not be asked is lost",
}
"""Of those, the gate once named none."""


@pytest.fixture(scope="module")
def world(dev: Synthesized, tmp_path_factory: pytest.TempPathFactory) -> World:
    root = copied_sources(tmp_path_factory.mktemp("sources"))
    return World(assembly=Assembly.read("dev", Path(dev.folder)), root=root)


@pytest.mark.parametrize("mutant", [*_SAMPLE, *_SLIPS], ids=lambda mutant: mutant.name)
def test_the_gate_names_a_planted_defect(mutant: Mutant, world: World) -> None:
    with mutant.planted(world) as planted:
        found = findings(planted.world.assembly, planted.world.root)
    named = [each for each in found if any(place in f"{each.place} {each.wrong}" for place in planted.places)]
    assert named
    assert all(each.remedy for each in named)


def test_the_gate_names_a_defect_of_real_time_endpoints(quick: Synthesized, world: World) -> None:
    worlds = replace(world, assembly=quick.assembly)
    for mutant in (each for each in real_time.MUTANTS if each.name in _OF_REAL_TIME):
        with tabled(quick.name), mutant.planted(worlds) as planted:
            found = findings(planted.world.assembly, planted.world.root)
        assert any(place in f"{each.place} {each.wrong}" for place in planted.places for each in found), mutant.name


def test_every_defect_has_a_place_in_the_world(
    world: World, prod: Synthesized, quick: Synthesized, synthesize: Callable[[str], Synthesized]
) -> None:
    others = {"prod": prod, "local": synthesize("local"), quick.name: quick}
    worlds = {"dev": world} | {name: replace(world, assembly=stage.assembly) for name, stage in others.items()}
    homeless = []
    for mutant in every_mutant():
        try:
            with mutant.planted(worlds[mutant.stage]):
                pass
        except (KeyError, ValueError, IndexError) as error:
            homeless.append(f"{mutant.name}: {error}")
    assert homeless == []


def test_the_world_as_it_is_has_no_finding(world: World) -> None:
    assert findings(world.assembly, world.root) == []


def test_a_production_that_approves_by_itself_is_named(
    prod: Synthesized, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    slack = replace(STAGES["prod"], rules=ReleaseRules(), log_days=7)
    monkeypatch.setitem(STAGES, "prod", slack)
    found = [each.wrong for each in production.check(prod.assembly, Sources.below(world.root))]
    assert [wrong.partition(":")[0] for wrong in found] == ["rules.approval is 'auto'", "log_days is 7"]
