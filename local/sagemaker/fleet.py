"""What serves an endpoint: its variants, their servers, whose turn it is."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus

from local.errors import ServiceError
from local.sagemaker.capacity import Machines, endpoint_machines, instance_types, variant_machines
from local.sagemaker.server_plans import ServerPlan
from local.sagemaker.serving import ModelServer
from local.sagemaker.store import Record


@dataclass(kw_only=True)
class Variant:
    """A running variant: its servers, its weight, and how many requests it has been given."""

    plan: ServerPlan
    weight: float
    servers: list[ModelServer]
    turn: int = 0
    requests: int = 0
    sizing: threading.Lock = field(default_factory=threading.Lock)

    def next_server(self) -> ModelServer:
        """The healthy servers take turns. Raises ServiceError where there is none, or where the variant is scaled to zero."""
        if not self.servers:
            raise ServiceError("ValidationError", f"Variant {self.plan.name} has no instances.")
        ready = [server for server in self.servers if server.ready]
        if not ready:
            raise unavailable()
        self.turn += 1
        return ready[self.turn % len(ready)]

    def scale(self, count: int, new: Callable[[ServerPlan], ModelServer]) -> None:
        """Stop or start servers until there are ``count``. Raises EndpointFailureError where one does not start."""
        with self.sizing:
            while len(self.servers) > count:
                self.servers.pop().stop(drain=True)
            while len(self.servers) < count:
                server = new(self.plan)
                server.start()
                self.servers.append(server)

    def start_again(self, count: int, new: Callable[[ServerPlan], ModelServer]) -> None:
        """Have ``count`` servers again, as before a restart: instances of an endpoint in service, healthy sooner or later."""
        with self.sizing:
            while len(self.servers) < count:
                self.servers.append(new(self.plan))
                self.servers[-1].start_again()

    def machines(self) -> Iterator[Machines]:
        """The instances that it has."""
        types = Counter(server.instance_type for server in self.servers)
        yield from (endpoint_machines(name, count) for name, count in types.items())

    def growth(self, count: int | None) -> Machines:
        """The instances that are missing to ``count``; None: no other number is wanted."""
        more = 0 if count is None else max(0, count - len(self.servers))
        return variant_machines(self.plan.variant, more)


@dataclass(kw_only=True)
class Fleet:
    """Everything that serves one endpoint configuration."""

    config: Record
    variants: list[Variant]

    def pick(self, target: str | None) -> Variant:
        """The target variant, or the one furthest behind its weight."""
        if target:
            for variant in self.variants:
                if variant.plan.name == target:
                    return variant
            raise ServiceError("ValidationError", f"Variant {target} not found for the endpoint.")
        variant = min(self.variants, key=lambda v: (v.requests + 1) / v.weight if v.weight else float("inf"))
        variant.requests += 1
        return variant

    def stop(self, *, drain: bool = False) -> None:
        """Stop all servers, side by side; with `drain` each answers first the requests that it has."""
        servers = [server for variant in self.variants for server in variant.servers]
        with ThreadPoolExecutor(max_workers=len(servers) or 1) as pool:
            list(pool.map(lambda server: server.stop(drain=drain), servers))


def unavailable() -> ServiceError:
    """SageMaker's word for a moment without a server (the service model's own text; that it says so here is inferred)."""
    return ServiceError(
        "ServiceUnavailable", "The service is unavailable. Try your call again.", HTTPStatus.SERVICE_UNAVAILABLE
    )


def summary(variant: Variant, desired: int | None = None) -> Record:
    """A variant as DescribeEndpoint shows it; `desired` where another number of instances is on its way."""
    count = len(variant.servers)
    types = Counter(server.instance_type for server in variant.servers)
    pools = [
        {"InstanceType": name, "CurrentInstanceCount": types[name]} for name in instance_types(variant.plan.variant)
    ]
    return {
        "VariantName": variant.plan.name,
        "DeployedImages": [{"SpecifiedImage": variant.plan.container["Image"]}],
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count if desired is None else desired,
        **({"InstancePools": pools} if "InstancePools" in variant.plan.variant else {}),
    }
