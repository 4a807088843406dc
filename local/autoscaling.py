"""Application Auto Scaling: scalable targets, their policies, which their alarms set off, and their scheduled actions."""

import re
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Protocol

from local.clock import TurnedClock
from local.durable import Durable
from local.errors import ServiceError, validation_error
from local.sagemaker.model_check import ApiModel
from local.sagemaker.store import Record, now
from local.scaling import schedule
from local.scaling.listing import matching
from local.scaling.policies import check_tracked, tracking_alarms
from local.scaling.scaler import Scaler

Key = tuple[str, str, str]  # service namespace, resource id, scalable dimension
_SERVICE_ROLE = (
    "arn:aws:iam::{account}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
_POLICY_TYPES = ("StepScaling", "TargetTrackingScaling")
_SUSPENDABLE = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
_VARIANT_DIMENSION = "sagemaker:variant:DesiredInstanceCount"


class AlarmBook(Protocol):
    """Where a target tracking policy keeps its own two alarms."""

    def alarms(self) -> list[Record]: ...
    def put_alarm(self, request: Record) -> None: ...
    def delete_alarms(self, names: Sequence[str]) -> None: ...


class ApplicationAutoScaling:
    """The emulated service. `variant_exists(endpoint, variant)` tells whether a SageMaker resource id is real."""

    def __init__(
        self,
        *,
        account: str,
        region: str,
        variant_exists: Callable[[str, str], bool],
        scaler: Scaler,
        alarms: AlarmBook,
        clock: TurnedClock,
        durable: Durable,
    ) -> None:
        self._kept = durable.table("scaling")
        self._account, self._region, self._variant_exists = account, region, variant_exists
        self._scaler, self._alarms, self._clock = scaler, alarms, clock
        self.api = ApiModel("application-autoscaling")
        kept: dict[str, list[Record]] = {"targets": [], "policies": [], "scheduled": [], **dict(self._kept.items())}
        self._targets = {_key(each): each for each in kept["targets"]}
        self._policies = {(_key(each), each["PolicyName"]): each for each in kept["policies"]}
        self._scheduled = {(_key(each), each["ScheduledActionName"]): each for each in kept["scheduled"]}
        self._lock = threading.RLock()
        self._actions: dict[str, Callable[[Record], Record]] = {
            "RegisterScalableTarget": self._register,
            "DeregisterScalableTarget": self._deregister,
            "DescribeScalableTargets": lambda p: {"ScalableTargets": matching(self._targets.values(), p)},
            "PutScalingPolicy": self._put_policy,
            "DeleteScalingPolicy": self._delete_policy,
            "DescribeScalingPolicies": lambda p: {"ScalingPolicies": matching(self._policies.values(), p)},
            "DescribeScalingActivities": lambda p: {"ScalingActivities": self._scaler.activities(p.get("ResourceId"))},
            "PutScheduledAction": self._put_scheduled,
            "DeleteScheduledAction": self._delete_scheduled,
            "DescribeScheduledActions": lambda p: {"ScheduledActions": matching(self._scheduled.values(), p)},
            "ListTagsForResource": lambda _: {"Tags": {}},
        }
        clock.every_minute(self._run_scheduled)

    def dispatch(self, action: str, params: Record) -> Record:
        """Carry out one API call; its answer. Raises ServiceError as the service would answer."""
        self.api.check(action, params)
        if action not in self._actions:
            raise ServiceError("UnknownOperationException", f"{action} is not part of the local cloud.")
        with self._lock:
            answer = self.api.answer(action, self._actions[action](params))
            if not action.startswith(("Describe", "List")):
                self._keep()
            return answer

    def resume(self) -> None:
        """Make the alarms of policies again that were not written before the server ended."""
        there = {alarm["AlarmName"] for alarm in self._alarms.alarms()}
        tracking = [each for each in self._policies.values() if each["PolicyType"] == "TargetTrackingScaling"]
        for alarm in (alarm for policy in tracking for alarm in tracking_alarms(policy)):
            if alarm["AlarmName"] not in there:
                self._alarms.put_alarm(alarm)

    def _keep(self) -> None:
        with self._lock:
            self._kept.put("targets", list(self._targets.values()))
            self._kept.put("policies", list(self._policies.values()))
            self._kept.put("scheduled", list(self._scheduled.values()))

    def set_off(self, policy_arn: str, alarm: Record, value: float | None) -> None:
        """An alarm of a policy is in ALARM: scale as the policy says. A policy that is gone does nothing, as on AWS."""
        with self._lock:
            policy = next((p for p in self._policies.values() if p["PolicyARN"] == policy_arn), None)
        if policy is not None:
            self._scaler.act(self._targets[_key(policy)], policy, alarm, value)

    def is_target(self, endpoint: str, variant: str) -> bool:
        """Whether a SageMaker variant is a registered scalable target."""
        return ("sagemaker", f"endpoint/{endpoint}/variant/{variant}", _VARIANT_DIMENSION) in self._targets

    def forget_endpoint(self, endpoint: str) -> None:
        """Deregister every variant of an endpoint, as SageMaker does when the endpoint is deleted."""
        with self._lock:
            for key in [key for key in self._targets if key[1].startswith(f"endpoint/{endpoint}/")]:
                self._remove(key)
            self._keep()

    def _register(self, params: Record) -> Record:
        key = _key(params)
        known = self._targets.get(key, {})
        merged = {**known, **{member: value for member, value in params.items() if member != "Tags"}}
        if "MinCapacity" not in merged or "MaxCapacity" not in merged:
            raise validation_error("MinCapacity and MaxCapacity are required when registering a scalable target")
        if not known:
            self._check_exists(params)
        low, high = merged["MinCapacity"], merged["MaxCapacity"]
        if low > high:
            raise validation_error(
                f"Maximum capacity cannot be less than minimum capacity: got {high}; allowed: {low} or more"
            )
        arn = f"arn:aws:application-autoscaling:{self._region}:{self._account}:scalable-target/{uuid.uuid4().hex[:32]}"
        self._targets[key] = {
            "ScalableTargetARN": arn,
            "CreationTime": now(),
            "RoleARN": _SERVICE_ROLE.format(account=self._account),
            "SuspendedState": dict.fromkeys(_SUSPENDABLE, False),
            **merged,
        }
        return self._targets[key]

    def _check_exists(self, params: Record) -> None:
        """A SageMaker target must be a variant that exists; other namespaces are not of this cloud."""
        namespace, resource = params["ServiceNamespace"], params["ResourceId"]
        if namespace != "sagemaker":
            raise validation_error(f"ServiceNamespace: got {namespace!r}; the local cloud allows 'sagemaker'")
        names = re.fullmatch("endpoint/([^/]*)/variant/([^/]*)", resource)
        if names is None:
            raise validation_error(
                f"Unsupported service namespace, resource type or scalable dimension: got {resource!r}; "
                "allowed: endpoint/<name>/variant/<name>",
            )
        if not self._variant_exists(*names.groups()):
            raise validation_error(f"SageMaker Endpoint/Variant not found: {resource}")

    def _deregister(self, params: Record) -> Record:
        self._require(params)
        self._remove(_key(params))
        return {}

    def _remove(self, key: Key) -> None:
        del self._targets[key]
        for place in [place for place in self._policies if place[0] == key]:
            self._drop_policy(place)
        self._scheduled = {place: action for place, action in self._scheduled.items() if place[0] != key}

    def _drop_policy(self, place: tuple[Key, str]) -> None:
        self._alarms.delete_alarms([alarm["AlarmName"] for alarm in self._policies.pop(place)["Alarms"]])

    def _require(self, params: Record) -> None:
        if _key(params) not in self._targets:
            raise ServiceError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: {params['ServiceNamespace']}, resource ID: "
                f"{params['ResourceId']}, scalable dimension: {params['ScalableDimension']}",
            )

    def _put_policy(self, params: Record) -> Record:
        self._require(params)
        key = (_key(params), params["PolicyName"])
        known = self._policies.get(key, {})
        kind = params.get("PolicyType") or known.get("PolicyType") or "StepScaling"
        if kind not in _POLICY_TYPES:
            raise validation_error(f"PolicyType: got {kind!r}; the local cloud allows {list(_POLICY_TYPES)}")
        member = f"{kind}PolicyConfiguration"
        if member not in params:
            raise validation_error(f"{member}: got nothing; allowed: the configuration that PolicyType {kind} needs")
        if kind == "TargetTrackingScaling":
            check_tracked(params[member])
        arn = (
            f"arn:aws:autoscaling:{self._region}:{self._account}:scalingPolicy:{uuid.uuid4()}:resource/"
            f"{params['ServiceNamespace']}/{params['ResourceId']}:policyName/{params['PolicyName']}"
        )
        identity = {"PolicyARN": known.get("PolicyARN", arn), "CreationTime": known.get("CreationTime", now())}
        if known:
            self._drop_policy(key)
        self._policies[key] = policy = {**identity, **params, "PolicyType": kind, "Alarms": []}
        if kind == "TargetTrackingScaling":
            policy["Alarms"] = [self._put_alarm(alarm) for alarm in tracking_alarms(policy)]
        return policy

    def _put_alarm(self, request: Record) -> Record:
        self._alarms.put_alarm(request)
        name = request["AlarmName"]
        return {"AlarmName": name, "AlarmARN": f"arn:aws:cloudwatch:{self._region}:{self._account}:alarm:{name}"}

    def _delete_policy(self, params: Record) -> Record:
        place = (_key(params), params["PolicyName"])
        if place not in self._policies:
            raise ServiceError(
                "ObjectNotFoundException", f"No scaling policy found for policy name: {params['PolicyName']}"
            )
        self._drop_policy(place)
        return {}

    def _put_scheduled(self, params: Record) -> Record:
        self._require(params)
        place = (_key(params), params["ScheduledActionName"])
        known = self._scheduled.get(place, {})
        merged = {**known, **params}
        for member in ("Schedule", "ScalableTargetAction"):
            if member not in merged:
                raise validation_error(f"{member} is required when a scheduled action is created")
        schedule.check(merged["Schedule"])
        arn = (
            f"arn:aws:autoscaling:{self._region}:{self._account}:scheduledAction:{uuid.uuid4()}:resource/"
            f"{params['ServiceNamespace']}/{params['ResourceId']}:scheduledActionName/{params['ScheduledActionName']}"
        )
        self._scheduled[place] = {"ScheduledActionARN": arn, "CreationTime": now(), **merged}
        return {}

    def _delete_scheduled(self, params: Record) -> Record:
        if self._scheduled.pop((_key(params), params["ScheduledActionName"]), None) is None:
            raise ServiceError("ObjectNotFoundException", f"No scheduled action found: {params['ScheduledActionName']}")
        return {}

    def _run_scheduled(self) -> None:
        """Give the targets of the actions that are due their new limits, and bring the fleets within them."""
        with self._lock:
            due = [
                a
                for a in self._scheduled.values()
                if schedule.is_due(a["Schedule"], a.get("Timezone"), self._clock.now())
            ]
            for action in due:
                self._targets[_key(action)].update(action["ScalableTargetAction"])
            if due:
                self._keep()
        for action in due:
            self._scaler.bring_within(self._targets[_key(action)], action["ScheduledActionName"])


def _key(params: Record) -> Key:
    return params["ServiceNamespace"], params["ResourceId"], params["ScalableDimension"]
