"""The answers of Application Auto Scaling's Describe requests."""

from collections.abc import Iterable

from local.sagemaker.store import Record


def matching(records: Iterable[Record], params: Record) -> list[Record]:
    """The targets or policies that a Describe request asks for."""
    wanted = {
        "ServiceNamespace": [params["ServiceNamespace"]],
        "ResourceId": params.get("ResourceIds") or [params.get("ResourceId")],
        "ScalableDimension": [params.get("ScalableDimension")],
        "PolicyName": params.get("PolicyNames") or [None],
        "ScheduledActionName": params.get("ScheduledActionNames") or [None],
    }
    return [r for r in records if all(values == [None] or r[name] in values for name, values in wanted.items())]
