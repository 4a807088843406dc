"""A stage's own network: who is in it, what it costs and needs, and that the gate sees where somebody was forgotten."""

import pytest

from bench.gate.families import network
from bench.gate.mutant import Mutant, World
from infra.components.image import REPOSITORY_ROOT
from infra.config import STAGES
from infra.gate.checks import network_members, network_walls, network_ways
from infra.gate.sources import Sources
from infra.quotas import VPC, quotas
from infra.settings.network import Network
from infra.standing_costs import standing
from tests.infra.conftest import Synthesized

PROD = STAGES["prod"]
_FORGOTTEN = (
    "versions' own endpoints are outside of the network",
    "a processing job is outside of the network",
    "a handler is outside of the network",
    "handlers cannot reach Step Functions",
    "hosts of one job are not let in by each other",
)


@pytest.mark.parametrize("mutant", [each for each in network.MUTANTS if each.name in _FORGOTTEN], ids=lambda m: m.name)
def test_what_was_forgotten_is_named(mutant: Mutant, prod: Synthesized) -> None:
    sources = Sources.below(REPOSITORY_ROOT)
    with mutant.planted(World(assembly=prod.assembly, root=REPOSITORY_ROOT)) as planted:
        found = [
            each
            for module in (network_members, network_walls, network_ways)
            for each in module.check(planted.world.assembly, sources)
        ]
    assert any(place in f"{each.place} {each.wrong}" for each in found for place in planted.places)


def test_a_stage_without_a_network_has_nothing_in_one(dev: Synthesized) -> None:
    assert "Network" not in dev.templates
    assert "VpcConfig" not in str(dev.templates)
    assert "ec2:" not in str(dev.templates)


def test_only_what_needs_another_way_stays_outside(prod: Synthesized) -> None:
    handlers = [f["Properties"] for f in prod.resources("AWS::Lambda::Function").values()]
    outside = {f["Handler"] for f in handlers if "VpcConfig" not in f}
    assert outside == {f"atelier_ops.handlers.{name}.handler" for name in ("base_model", "page", "paint_item")}


def test_every_interface_endpoint_is_in_the_costs_and_quotas(prod: Synthesized) -> None:
    ways = [e["Properties"]["VpcEndpointType"] for e in prod.resources("AWS::EC2::VPCEndpoint").values()]
    count = ways.count("Interface")
    dollars = {item.what: item.dollars for item in standing(PROD)}
    assert dollars[f"{count} interface endpoints, 2 zones"] == pytest.approx(count * 2 * 0.01 * 730)
    needed = {quota.name: quota.to_deploy for quota in quotas(PROD) if quota.service == VPC}
    assert needed["Interface VPC endpoints per VPC"] == count
    assert needed["Gateway VPC endpoints per Region"] == ways.count("Gateway")
    assert not [quota for quota in quotas(STAGES["dev"]) if quota.service == VPC]


@pytest.mark.parametrize(
    ("word", "zones"), [(None, ("a", "b")), ("a,c", ("a", "c")), ("a,b,d", ("a", "b", "d")), ("none", None)]
)
def test_the_context_names_the_zones_or_switches_the_network_off(
    word: str | None, zones: tuple[str, ...] | None
) -> None:
    stage = PROD.with_context({"network": word}.get)
    assert stage.network == (zones and Network(zones=zones))
    assert (stage.placement, stage.watching) == (PROD.placement, PROD.watching)


@pytest.mark.parametrize("word", ["a", "a,a", "eu-west-1a,b", "", "yes"])
def test_zones_that_are_no_letters_are_refused(word: str) -> None:
    with pytest.raises(
        ValueError, match=rf"network.zones: got '{word}'; allowed: 2 to 6 letters of the region's zones"
    ):
        PROD.with_context({"network": word}.get)
