"""Everything of a stage with a network runs in it, in every zone, and its role may join; only what needs another way stays out."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from infra.config import STAGES
from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.machines import machines
from infra.gate.networks import StageNetwork, jobs, network_of
from infra.gate.rights import JOINING_HOSTS
from infra.gate.roles import allowed, role_of
from infra.gate.sources import Sources

_NAME = "network members"
_OUTSIDE: Mapping[str, str] = {
    "base_model": "it fetches models from hubs on the internet",
    "authorize_people": "it fetches the public keys of the pool, which has no way from inside the network",
    "page": "it answers CloudFormation, at an address of S3 that the gateway of the network does not lead to",
    "paint_item": "it asks another function, and an interface to Lambda costs more than all that it asks for",
}
_REMEDY = "Give it the network that the stage's stacks hand on (infra/stacks/network.py)"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    network = network_of(assembly)
    if assembly.stage in STAGES and bool(STAGES[assembly.stage].network) != bool(network):
        wrong = f"network of stage {assembly.stage} is {STAGES[assembly.stage].network}, and the VPC is {network and network.vpc.name}"
        yield Finding(
            place=assembly.stage, check=_NAME, wrong=wrong, remedy="Make NetworkStack where the stage says so"
        )
    if network is not None:
        yield from _hosted(network)
        yield from _jobs(network)
        yield from _functions(network)
        yield from _rights(assembly)


def _hosted(network: StageNetwork) -> Iterator[Finding]:
    """The shared endpoint's model, and those that are made while the service runs."""
    for model in network.assembly.of("AWS::SageMaker::Model"):
        if missing := network.missing(model.properties.get("VpcConfig")):
            yield model.finding(_NAME, missing, _REMEDY)
    maker = handlers(network.assembly).get("deploy_endpoint")
    if maker is not None:
        hosting = _read(maker.properties.get("Environment", {}).get("Variables", {}).get("HOSTING"))
        if missing := network.missing(hosting.get("network")):
            yield maker.finding(_NAME, f"the endpoints that it makes: {missing}", "Set network of its HOSTING")


def _read(text: Any) -> Mapping[str, Any]:
    try:
        read = json.loads(str(text))
    except ValueError:
        return {}
    return read if isinstance(read, Mapping) else {}


def _jobs(network: StageNetwork) -> Iterator[Finding]:
    stage = STAGES.get(network.assembly.stage)
    lustre = stage.pretraining.lustre if stage else None
    for machine, state, request in jobs(network.assembly):
        config = request.get("VpcConfig")
        mounted = lustre is not None and isinstance(config, Mapping) and config.get("Subnets") == [lustre.subnet]
        missing = network.missing(config)
        if missing and not mounted:
            yield machine.finding(_NAME, state, missing, _REMEDY)


def _functions(network: StageNetwork) -> Iterator[Finding]:
    for name, function in handlers(network.assembly).items():
        config = function.properties.get("VpcConfig")
        if name in _OUTSIDE and config is not None:
            yield function.finding(_NAME, f"it is in the network, and {_OUTSIDE[name]}", "Set internet of its Spec")
        elif name not in _OUTSIDE and (missing := network.missing(config)):
            yield function.finding(_NAME, missing, f"{_REMEDY}; handlers that stay outside are in this check's table")


def _rights(assembly: Assembly) -> Iterator[Finding]:
    """Roles of functions are ``handler rights``."""
    named = [model.properties.get("ExecutionRoleArn") for model in assembly.of("AWS::SageMaker::Model")]
    for machine in machines(assembly):
        arguments = (state.get("Arguments") for state in machine.tasks.values())
        named += [each["RoleArn"] for each in arguments if isinstance(each, Mapping) and "RoleArn" in each]
    roles = {role.name: role for role in (role_of(assembly, arn) for arn in named) if role is not None}
    for role in roles.values():
        for action in sorted(set(JOINING_HOSTS) - allowed(assembly, role)):
            yield role.finding(
                _NAME, f"its hosts cannot join the network without {action}", "Set in_vpc of ExecutionRole"
            )
