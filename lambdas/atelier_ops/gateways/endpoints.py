"""SageMaker endpoints: making and changing them, their scaling target and their rollback alarm."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from atelier_ops.errors import QuotaExceeded
from atelier_ops.gateways.aws import Tolerance, client, error_code
from atelier_ops.gateways.registry import is_missing


@dataclass(frozen=True, kw_only=True)
class EndpointState:
    """An endpoint: ``status`` as SageMaker writes it, ``config`` in service, ``pending`` the one being rolled out."""

    name: str
    status: str
    config: str
    pending: str = ""
    reason: str = ""
    variant: str = ""
    instances: int = 0


class Endpoints:
    """Endpoints in SageMaker, scaling targets in Application Auto Scaling, alarms in CloudWatch."""

    def state(self, name: str) -> EndpointState | None:
        """The endpoint as it is now, or None."""
        try:
            description = client("sagemaker").describe_endpoint(EndpointName=name)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return _state(description)

    def make_model(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """CreateModel; returns the existing model's description where the name is taken, else None."""
        if _created("create_model", request):
            return None
        description: Mapping[str, Any] = client("sagemaker").describe_model(ModelName=request["ModelName"])
        return description

    def make_config(self, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """CreateEndpointConfig; returns the existing one's description where the name is taken, else None."""
        return None if _created("create_endpoint_config", request) else self.config(request["EndpointConfigName"])

    def config(self, name: str) -> Mapping[str, Any]:
        """DescribeEndpointConfig."""
        description: Mapping[str, Any] = client("sagemaker").describe_endpoint_config(EndpointConfigName=name)
        return description

    def create(self, name: str, config: str) -> None:
        """CreateEndpoint. Raises QuotaExceeded."""
        _call("create_endpoint", {"EndpointName": name, "EndpointConfigName": config})

    def update(self, name: str, config: str, deployment: Mapping[str, Any]) -> None:
        """UpdateEndpoint. Raises QuotaExceeded."""
        request = {"EndpointName": name, "EndpointConfigName": config, "DeploymentConfig": deployment}
        _call("update_endpoint", request)

    def delete(self, name: str) -> None:
        """DeleteEndpoint."""
        client("sagemaker").delete_endpoint(EndpointName=name)

    def drop_scaling(self, name: str, variant: str) -> None:
        """Deregister the variant's scalable target; a missing one is fine."""
        with Tolerance("ObjectNotFoundException"):
            client("application-autoscaling").deregister_scalable_target(
                ServiceNamespace="sagemaker",
                ResourceId=f"endpoint/{name}/variant/{variant}",
                ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            )

    def put_alarm(self, request: Mapping[str, Any]) -> None:
        """PutMetricAlarm."""
        client("cloudwatch").put_metric_alarm(**request)


def _state(description: Mapping[str, Any]) -> EndpointState:
    variant: Mapping[str, Any] = next(iter(description.get("ProductionVariants") or []), {})
    return EndpointState(
        name=description["EndpointName"],
        status=description["EndpointStatus"],
        config=description.get("EndpointConfigName", ""),
        pending=description.get("PendingDeploymentSummary", {}).get("EndpointConfigName", ""),
        reason=description.get("FailureReason", ""),
        variant=variant.get("VariantName", ""),
        instances=int(variant.get("DesiredInstanceCount") or 0),
    )


def _created(operation: str, request: Mapping[str, Any]) -> bool:
    """Create; False where the name is taken, which SageMaker says in words only."""
    try:
        _call(operation, request)
    except ClientError as error:
        if "already exist" in str(error).lower():
            return False
        raise
    return True


def _call(operation: str, request: Mapping[str, Any]) -> None:
    try:
        getattr(client("sagemaker"), operation)(**request)
    except ClientError as error:
        if error_code(error) == "ResourceLimitExceeded":
            raise QuotaExceeded(f"{error}. Ask for more under Service Quotas, Amazon SageMaker.") from error
        raise
