"""The network of a stage, as its templates have it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.gate.assembly import Assembly, Resource
from infra.gate.job_requests import trial_of
from infra.gate.machines import Definition, integration, machines


@dataclass(frozen=True, kw_only=True)
class StageNetwork:
    """``vpc`` and what is in it, by the names of resources."""

    assembly: Assembly
    vpc: Resource

    @property
    def subnets(self) -> set[str]:
        """Every subnet."""
        return {each.name for each in self.assembly.of("AWS::EC2::Subnet")}

    def named(self, node: Any, kind: str) -> set[str]:
        """The resources of a type that resolved text, or what is made of it, names."""
        return {each.name for each in self.assembly.referenced(node) if each.kind == kind}

    def groups(self, node: Any) -> set[str]:
        """The security groups that are named."""
        return self.named(node, "AWS::EC2::SecurityGroup")

    def missing(self, config: Any) -> str:
        """What a VpcConfig, of SageMaker or of a function, lacks; nothing where it is in the network."""
        if not isinstance(config, Mapping):
            return "it is not in the stage's network"
        elsewhere = self.subnets - self.named(config, "AWS::EC2::Subnet")
        if elsewhere:
            return f"it is not in {', '.join(sorted(elsewhere))}"
        return "" if self.groups(config) else "it has no security group of the stage"


def network_of(assembly: Assembly) -> StageNetwork | None:
    """The stage's network, if it has one."""
    found = assembly.of("AWS::EC2::VPC")
    return StageNetwork(assembly=assembly, vpc=found[0]) if found else None


def jobs(assembly: Assembly) -> Iterator[tuple[Definition, str, Mapping[str, Any]]]:
    """Every job that a state machine starts: the machine, the state, and what has its ``VpcConfig``."""
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            arguments = state.get("Arguments")
            if "Job.sync" in integration(state) and isinstance(arguments, Mapping):
                inner = (
                    arguments.get("NetworkConfig", {}) if "Processing" in integration(state) else trial_of(arguments)
                )
                yield machine, name, inner
