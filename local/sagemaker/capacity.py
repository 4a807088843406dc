"""Which machines there are: the account's quotas, which refuse a request at once, and shortages, which fail it later."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from local.errors import ServiceError
from local.faults import Faults
from local.sagemaker.store import Record

JOB_SHORTAGE = (
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a different ML instance type."
)
ENDPOINT_SHORTAGE = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. Please retry using a "
    "different ML instance type or after some time."
)


@dataclass(frozen=True, kw_only=True)
class Machines:
    """Instances of one type; ``usage`` as Service Quotas says it, such as `endpoint usage`."""

    usage: str
    instance_type: str
    count: int

    @property
    def quota(self) -> str:
        """The name of the quota that limits them."""
        return f"{self.instance_type} for {self.usage}"


class Capacity:
    """The account's instances; ``in_use`` gives what runs or is being started."""

    def __init__(self, faults: Faults, in_use: Callable[[], Iterable[Machines]]) -> None:
        self._faults, self._in_use = faults, in_use
        self.lock = threading.RLock()
        """Held from `require` until what was asked for is counted."""

    def require(self, *wanted: Machines) -> None:
        """Raise ResourceLimitExceeded in SageMaker's words where a quota does not allow that many more."""
        for machines in wanted:
            self._require(machines)

    def _require(self, wanted: Machines) -> None:
        limit = self._faults.quota(wanted.quota)
        if limit is None:
            return
        used = sum(machines.count for machines in self._in_use() if machines.quota == wanted.quota)
        if used + wanted.count > limit:
            raise ServiceError(
                "ResourceLimitExceeded",
                f"The account-level service limit '{wanted.quota}' is {limit} Instances, with current utilization of "
                f"{used} Instances and a request delta of {wanted.count} Instances. Please use AWS Service Quotas to "
                "request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to "
                "request an increase for this quota.",
            )


def instance_types(variant: Record) -> list[str]:
    """The instance types that an endpoint's variant may run on, the preferred one first."""
    pools = sorted(variant.get("InstancePools", []), key=lambda pool: int(pool["Priority"]))
    return [pool["InstanceType"] for pool in pools] or [variant.get("InstanceType", "")]


def variant_machines(variant: Record, count: int | None = None) -> Machines:
    """The instances that a variant asks for, of the type that it prefers; without a count, those that it begins with."""
    number = variant.get("InitialInstanceCount", 1) if count is None else count
    return endpoint_machines(instance_types(variant)[0], number)


def endpoint_machines(instance_type: str, count: int) -> Machines:
    """Instances of endpoints."""
    return Machines(usage="endpoint usage", instance_type=instance_type, count=count)
