"""The shared endpoint: its machines, and how many of them."""

from dataclasses import dataclass

from infra.settings.validation import check, check_instance_type, check_range
from models.catalogue import find


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The asynchronous endpoint and how its fleet follows the queue.

    ``backlog_per_instance`` is the queue length one instance should have; ``concurrency`` how many requests one container gets
    at a time; ``startup_seconds`` how long loading the models may take. ``upscaler`` is the catalogue name of the model that enlarges
    pictures; without one, requests to enlarge are refused.
    """

    instance: str
    upscaler: str | None
    fewest_instances: int = 0
    most_instances: int
    backlog_per_instance: int
    concurrency: int
    startup_seconds: int
    most_adapters: int = 4
    threads: int | None = None

    def __post_init__(self) -> None:
        check_instance_type("serving.instance", self.instance)
        low, high = self.fewest_instances, self.most_instances
        allowed = "0 <= fewest_instances <= most_instances, and most_instances >= 1"
        check(0 <= low <= high and high >= 1, "serving instances", got=(low, high), allowed=allowed)
        check_range("serving.concurrency", self.concurrency, 1, 64)
        check_range("serving.startup_seconds", self.startup_seconds, 60, 3600)
        for name in ("backlog_per_instance", "most_adapters"):
            check_range(f"serving.{name}", getattr(self, name), 1)
        if self.upscaler is not None:
            family = find(self.upscaler).family
            check(family == "upscaler", "serving.upscaler", got=self.upscaler, allowed="family upscaler, or None")
