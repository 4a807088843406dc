"""What serves an endpoint: its variants, their servers, whose turn it is."""

import threading
from dataclasses import dataclass

from local.errors import ServiceError
from local.sagemaker.serving import ModelServer, ServerPlan
from local.sagemaker.store import Record


@dataclass(kw_only=True)
class Variant:
    """A running variant: its servers, its weight, and how many requests it has been given."""

    plan: ServerPlan
    weight: float
    servers: list[ModelServer]
    turn: int = 0
    requests: int = 0

    def next_server(self) -> ModelServer:
        """The servers take turns. Raises ServiceError where the variant is scaled to zero."""
        if not self.servers:
            raise ServiceError("ValidationError", f"Variant {self.plan.name} has no instances.")
        self.turn += 1
        return self.servers[self.turn % len(self.servers)]


@dataclass(kw_only=True)
class Fleet:
    """Everything that serves one endpoint configuration."""

    config: Record
    variants: list[Variant]

    def pick(self, target: str | None) -> Variant:
        """The target variant, or the one furthest behind its weight."""
        if target:
            matches = [v for v in self.variants if v.plan.name == target]
            if not matches:
                raise ServiceError("ValidationError", f"Variant {target} not found for the endpoint.")
            return matches[0]
        variant = min(self.variants, key=lambda v: (v.requests + 1) / v.weight if v.weight else float("inf"))
        variant.requests += 1
        return variant

    def servers(self) -> list[ModelServer]:
        """All servers of the fleet."""
        return [server for variant in self.variants for server in variant.servers]

    def drain(self, seconds: float) -> None:
        """Wait until no request is being answered any more, at most `seconds` a server."""
        for server in self.servers():
            server.drain(seconds)

    def stop(self) -> None:
        """Stop all servers, side by side."""
        stops = [threading.Thread(target=server.stop) for server in self.servers()]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()


def summary(variant: Variant) -> Record:
    """A variant as DescribeEndpoint shows it."""
    count = len(variant.servers)
    return {
        "VariantName": variant.plan.name,
        "DeployedImages": [{"SpecifiedImage": variant.plan.container["Image"]}],
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
    }
