"""Carries out what policies want: within the target's limits, not again during a cooldown, one activity for each change.

Source: Application Auto Scaling User Guide, "Cooldown period" of both kinds of policies. A cooldown is counted from the moment at which
the number was set; AWS may count it from when the instances have come, which is later.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.clock import TurnedClock
from local.errors import ServiceError
from local.scaling.policies import cooldown, wanted

Record = dict[str, Any]
_PLACE = ("ServiceNamespace", "ResourceId", "ScalableDimension")


@dataclass(frozen=True, kw_only=True)
class Fleets:
    """The fleets that are scaled, by resource id: how many instances are wanted, whether they have come, how to ask for another number."""

    desired: Callable[[str], int]
    settled: Callable[[str], bool]
    resize: Callable[[str, int], None]


@dataclass(frozen=True, kw_only=True)
class _Change:
    moment: float
    before: int
    cooldown: int


class Scaler:
    """Sets desired numbers and remembers why."""

    def __init__(self, fleets: Fleets, clock: TurnedClock) -> None:
        self._fleets, self._clock = fleets, clock
        self._last: dict[tuple[str, bool], _Change] = {}
        self._activities: list[Record] = []
        self._under_way: dict[str, tuple[Record, int]] = {}
        clock.every_minute(self._see_what_came)

    def activities(self, resource: str | None = None) -> list[Record]:
        """DescribeScalingActivities, the newest first."""
        return [a for a in reversed(self._activities) if resource in (None, a["ResourceId"])]

    def act(self, target: Record, policy: Record, alarm: Record, value: float | None) -> None:
        """Do what a policy wants of its target, now that its alarm is in ALARM."""
        resource, desired = target["ResourceId"], self._fleets.desired(target["ResourceId"])
        count = self._count(target, policy, alarm, value, desired)
        grown = self._last.get((resource, True))
        if count > desired and grown and self._cools(grown):
            # What the last growth added counts as part of what is wanted now.
            count = max(desired, self._count(target, policy, alarm, value, min(grown.before, desired)))
        shrunk = self._last.get((resource, False))
        if count == desired or (count < desired and shrunk and self._cools(shrunk)):
            return
        cause = f"monitor alarm {alarm['AlarmName']} in state ALARM triggered policy {policy['PolicyName']}"
        if self._set(target, cause, count):
            pause = cooldown(policy, out=count > desired)
            change = _Change(moment=self._clock.now(), before=desired, cooldown=pause)
            self._last[resource, count > desired] = change

    def bring_within(self, target: Record, scheduled: str) -> None:
        """Bring a fleet within its target's limits, which a scheduled action has just changed."""
        desired = self._fleets.desired(target["ResourceId"])
        count = min(max(desired, int(target["MinCapacity"])), int(target["MaxCapacity"]))
        if count != desired:
            self._set(target, f"scheduled action {scheduled} changed the limits", count)

    def _count(self, target: Record, policy: Record, alarm: Record, value: float | None, current: int) -> int:
        within = max(int(target["MinCapacity"]), wanted(policy, alarm, value, current))
        return min(int(target["MaxCapacity"]), within)

    def _cools(self, change: _Change) -> bool:
        return self._clock.now() < change.moment + change.cooldown

    def _set(self, target: Record, cause: str, count: int) -> bool:
        activity = {
            **{member: target[member] for member in _PLACE},
            "ActivityId": str(uuid.uuid4()),
            "Description": f"Setting desired instance count to {count}.",
            "Cause": cause,
            "StartTime": self._present(),
            "StatusCode": "InProgress",
            "StatusMessage": f"{_set_to(count)} Waiting for change to be fulfilled by sagemaker.",
        }
        self._activities.append(activity)
        try:
            self._fleets.resize(target["ResourceId"], count)
        except ServiceError as error:
            self._end(activity, "Failed", f"Failed to set desired instance count to {count}. Reason: {error.message}")
            return False
        self._under_way[target["ResourceId"]] = activity, count
        return True

    def _see_what_came(self) -> None:
        """End the activities whose fleets have settled."""
        for resource, (activity, count) in list(self._under_way.items()):
            if not self._fleets.settled(resource):
                continue
            del self._under_way[resource]
            if self._fleets.desired(resource) == count:
                self._end(activity, "Successful", f"{_set_to(count)} Change successfully fulfilled by sagemaker.")
            else:
                self._end(activity, "Failed", f"{_set_to(count)} Change was not fulfilled by sagemaker.")

    def _end(self, activity: Record, status: str, message: str) -> None:
        activity.update(StatusCode=status, EndTime=self._present(), StatusMessage=message)

    def _present(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)


def _set_to(count: int) -> str:
    return f"Successfully set desired instance count to {count}."
