"""The shared endpoint: its machines, and how many of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contracts.batching import FEWEST_AT_ONCE, MOST_WAITING
from contracts.machines import has_gpu, has_nvme
from infra.settings.instance_types import check_instance_type
from infra.settings.kinds import check_kinds
from infra.settings.office_hours import OfficeHours
from infra.settings.validation import check, check_range
from models.catalogue import find

KINDS = ("asynchronous", "real-time")

MOST_TYPES = 5
"""SageMaker's longest list of instance pools."""


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The endpoint and how its fleet follows what is asked of it.

    ``kind`` is ``asynchronous`` (requests wait in a queue of SageMaker's, and the fleet may sleep) or ``real-time`` (answers come within 60
    seconds and are at most 25 MB large, and an instance is always awake).

    ``backlog_per_instance`` is how many requests one instance should have, waiting or at work: below ``ROWS`` the next instance starts
    before the first one's calls are full. ``concurrency`` is how many requests of the queue one container gets at a time: enough for full
    calls, and no more than may wait in it. ``startup_seconds`` is how long loading the models may take.
    ``upscaler`` is the catalogue name of the model that enlarges pictures; without one, requests to enlarge are refused.
    ``fallbacks`` are the instance types that are taken, in this order, where AWS has no ``instance`` left.
    ``elsewhere`` names the types, the first choice first, for regions where AWS sells none of those.
    ``first_instances`` is how many a new or updated endpoint starts with. ``pace`` is what was measured of how many pixels, and pixels of
    tiles, a step denoises in a second; ``None`` is an estimate (``infra.settings.pace``). ``adapter_mib`` and ``host_adapter_mib`` are how
    much of styles a container keeps on its GPU and in its memory; all others are fetched again when they are asked for.
    """

    kind: str = "asynchronous"
    instance: str
    fallbacks: tuple[str, ...] = ()
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    upscaler: str | None
    fewest_instances: int = 0
    first_instances: int = 1
    most_instances: int
    backlog_per_instance: int
    startup_seconds: int
    concurrency: int = FEWEST_AT_ONCE
    adapter_mib: int = 1_024
    host_adapter_mib: int = 2_048
    threads: int | None = None
    pace: tuple[int, int] | None = None
    office_hours: OfficeHours | None = None

    def __post_init__(self) -> None:
        check_kinds(self, "serving")
        check_instance_type("serving.instance", self.instance, "endpoints")
        self._check_fallbacks()
        low, high = self.fewest_instances, self.most_instances
        check(self.kind in KINDS, "serving.kind", got=self.kind, allowed=" | ".join(KINDS))
        # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html: only of inference components.
        awake = "at least 1: a real-time endpoint does not sleep"
        check(not self.is_real_time or low >= 1, "serving.fewest_instances", got=low, allowed=awake)
        allowed = "0 <= fewest_instances <= most_instances, and most_instances >= 1"
        check(0 <= low <= high and high >= 1, "serving instances", got=(low, high), allowed=allowed)
        for region in self.elsewhere:
            check(bool(self.elsewhere[region]), f"serving.elsewhere[{region!r}]", got=(), allowed="at least one type")
            for name in self.elsewhere[region]:
                check_instance_type(f"serving.elsewhere[{region!r}]", name, "endpoints")
            self.in_region(region)
        check_range("serving.first_instances", self.first_instances, 1, high)
        allowed = f"fewest_instances ({low}) to most_instances ({high})"
        check(low <= self.may_idle <= high, "serving.office_hours.instances", got=self.may_idle, allowed=allowed)
        check_range("serving.concurrency", self.concurrency, FEWEST_AT_ONCE, MOST_WAITING)
        check_range("serving.startup_seconds", self.startup_seconds, 60, 3600)
        check_range("serving.backlog_per_instance", self.backlog_per_instance, 1)
        for name in ("adapter_mib", "host_adapter_mib"):
            check_range(f"serving.{name}", getattr(self, name), 16, 65_536)
        if self.upscaler is not None:
            family = find(self.upscaler).family
            check(family == "upscaler", "serving.upscaler", got=self.upscaler, allowed="family upscaler, or None")

    @property
    def is_real_time(self) -> bool:
        """Whether the endpoint answers whoever asks at once."""
        return self.kind == "real-time"

    @property
    def may_idle(self) -> int:
        """How many instances may be awake with nothing to do: the fewest, or those of office hours."""
        return self.office_hours.instances if self.office_hours else self.fewest_instances

    def in_region(self, region: str) -> "Serving":
        """The same endpoint on the types that the region has. Empty: the region is not known yet."""
        if region not in self.elsewhere:
            return self
        instance, *fallbacks = self.elsewhere[region]
        return replace(self, instance=instance, fallbacks=tuple(fallbacks), elsewhere={})

    def _check_fallbacks(self) -> None:
        """One request makes the whole pool, so its types must take the same AMI and the same key."""
        for name in self.fallbacks:
            check_instance_type("serving.fallbacks", name, "endpoints")
            alike = has_gpu(name) == has_gpu(self.instance) and has_nvme(name) == has_nvme(self.instance)
            allowed = f"types with a GPU and local NVMe exactly where {self.instance} has them"
            check(alike and name != self.instance, "serving.fallbacks", got=name, allowed=allowed)
        check_range("serving.fallbacks", len(self.fallbacks), 0, MOST_TYPES - 1)
