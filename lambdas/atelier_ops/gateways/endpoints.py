"""SageMaker endpoints: making and removing them, with their configuration, model, scaling target and alarms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from atelier_ops.errors import EndpointBusyError, QuotaExceeded
from atelier_ops.gateways.aws import Tolerance, client, error_code, tag_list
from atelier_ops.gateways.registry import is_missing


@dataclass(frozen=True, kw_only=True)
class EndpointState:
    """An endpoint: ``status`` and ``reason`` as SageMaker writes them, and how many ``instances`` its variant has now."""

    name: str
    status: str
    reason: str = ""
    variant: str = ""
    instances: int = 0


class Endpoints:
    """Endpoints in SageMaker, scaling targets in Application Auto Scaling, alarms in CloudWatch.

    An endpoint's model and configuration are called as it is.
    """

    def state(self, name: str) -> EndpointState | None:
        """The endpoint as it is now, or None."""
        try:
            description = client("sagemaker").describe_endpoint(EndpointName=name)
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        variant: Mapping[str, Any] = next(iter(description.get("ProductionVariants") or []), {})
        return EndpointState(
            name=description["EndpointName"],
            status=description["EndpointStatus"],
            reason=description.get("FailureReason", ""),
            variant=variant.get("VariantName", ""),
            instances=variant.get("CurrentInstanceCount", 0),
        )

    def make_model(self, request: Mapping[str, Any], tags: Mapping[str, str]) -> Mapping[str, Any] | None:
        """CreateModel; returns the existing model's description, which has no tags, where the name is taken, else None."""
        if _created("create_model", request, tags):
            return None
        description: Mapping[str, Any] = client("sagemaker").describe_model(ModelName=request["ModelName"])
        return description

    def make_config(self, request: Mapping[str, Any], tags: Mapping[str, str]) -> Mapping[str, Any] | None:
        """CreateEndpointConfig; returns the existing one's description where the name is taken, else None."""
        if _created("create_endpoint_config", request, tags):
            return None
        name = request["EndpointConfigName"]
        description: Mapping[str, Any] = client("sagemaker").describe_endpoint_config(EndpointConfigName=name)
        return description

    def create(self, name: str, tags: Mapping[str, str]) -> None:
        """CreateEndpoint; one that is there, because the answer of an earlier call was lost, is fine.

        Raises QuotaExceeded, and EndpointBusyError where SageMaker does not find its configuration yet.
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html: reads are eventually consistent.
        """
        try:
            _created("create_endpoint", {"EndpointName": name, "EndpointConfigName": name}, tags)
        except ClientError as error:
            if is_missing(error):
                raise EndpointBusyError(f"endpoint {name}: its configuration is not found yet: {error}") from error
            raise

    def delete(self, name: str) -> None:
        """DeleteEndpoint."""
        client("sagemaker").delete_endpoint(EndpointName=name)

    def delete_definition(self, name: str) -> None:
        """DeleteEndpointConfig and DeleteModel; missing ones are fine."""
        for operation, request in (
            ("delete_endpoint_config", {"EndpointConfigName": name}),
            ("delete_model", {"ModelName": name}),
        ):
            try:
                getattr(client("sagemaker"), operation)(**request)
            except ClientError as error:
                if not is_missing(error):
                    raise

    def drop_scaling(self, name: str, variant: str) -> None:
        """Deregister the variant's scalable target, and with it its policies; a missing one is fine."""
        with Tolerance("ObjectNotFoundException"):
            client("application-autoscaling").deregister_scalable_target(
                ServiceNamespace="sagemaker",
                ResourceId=f"endpoint/{name}/variant/{variant}",
                ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            )

    def delete_alarm(self, name: str) -> None:
        """DeleteAlarms of one; a missing one is fine."""
        with Tolerance("ResourceNotFound", "ResourceNotFoundException"):
            client("cloudwatch").delete_alarms(AlarmNames=[name])


def _created(operation: str, request: Mapping[str, Any], tags: Mapping[str, str]) -> bool:
    """Create; False where the name is taken, which SageMaker says in words only."""
    try:
        _create(operation, request, tags)
    except ClientError as error:
        if "already exist" in str(error).lower():
            return False
        raise
    return True


def _create(operation: str, request: Mapping[str, Any], tags: Mapping[str, str]) -> None:
    try:
        getattr(client("sagemaker"), operation)(**request, Tags=tag_list(tags))
    except ClientError as error:
        if error_code(error) == "ResourceLimitExceeded":
            raise QuotaExceeded(f"{error}. Ask for more under Service Quotas, Amazon SageMaker.") from error
        raise
