"""What Application Auto Scaling asks of a caller besides the permission of the call: the rights that scaling a variant takes.

https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
"""

from collections.abc import Iterator

from local.sagemaker.caller_rights import Need
from local.sagemaker.store import Record, RecordStore

_ALARM_CALLS = ("PutMetricAlarm", "DescribeAlarms", "DeleteAlarms")


def needs(action: str, params: Record, store: RecordStore) -> Iterator[Need]:
    """On the endpoint and its configuration and, where a policy makes its own alarms, on those."""
    resource = params.get("ResourceId")
    if action not in ("RegisterScalableTarget", "PutScalingPolicy") or not isinstance(resource, str):
        return
    name = resource.split("/")[1] if resource.count("/") > 1 else resource
    endpoint = store.find("Endpoint", name) or {}
    for call in ("DescribeEndpoint", "UpdateEndpointWeightsAndCapacities"):
        yield f"sagemaker:{call}", store.arn("Endpoint", name), {}
    if "EndpointConfigName" in endpoint:
        yield "sagemaker:DescribeEndpointConfig", store.arn("EndpointConfig", endpoint["EndpointConfigName"]), {}
    if params.get("PolicyType") == "TargetTrackingScaling":
        alarm = f"arn:aws:cloudwatch:{store.region}:{store.account}:alarm:TargetTracking-{resource}-AlarmHigh"
        yield from ((f"cloudwatch:{call}", alarm, {}) for call in _ALARM_CALLS)


def condition_keys(params: Record) -> dict[str, str]:
    """The IAM condition keys of a request (Service Authorization Reference, Application Auto Scaling)."""
    names = {"service-namespace": "ServiceNamespace", "scalable-dimension": "ScalableDimension"}
    present = {key: member for key, member in names.items() if member in params}
    return {f"application-autoscaling:{key}": str(params[member]) for key, member in present.items()}
