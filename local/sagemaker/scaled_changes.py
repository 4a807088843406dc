"""What SageMaker and Application Auto Scaling ask each other about the variants of endpoints."""

from collections.abc import Iterable

from local.autoscaling import ApplicationAutoScaling
from local.errors import validation_error
from local.sagemaker.fleet import Variant
from local.sagemaker.store import Record, RecordStore


def refuse_scaled_change(
    endpoint: str, variants: Iterable[Variant], config: Record, scaling: ApplicationAutoScaling
) -> None:
    """Raise ValidationException where the new configuration changes the machine of a variant that is a scalable target, or drops it."""
    new = {v["VariantName"]: v.get("InstanceType") for v in config["ProductionVariants"]}
    for variant in variants:
        name = variant.plan.name
        same = new.get(name, "") == variant.plan.variant.get("InstanceType")
        if not same and scaling.is_target(endpoint, name):
            raise validation_error(
                f'The variant(s) "[{name}]" must be deregistered as scalable targets with AWS Auto Scaling before they '
                "can be removed or have their instance type changed.",
            )


def has_variant(store: RecordStore, endpoint: str, variant: str) -> bool:
    """Whether an endpoint exists, in any status, whose configuration has the variant."""
    record = store.find("Endpoint", endpoint)
    config = store.find("EndpointConfig", record["EndpointConfigName"]) if record else None
    return config is not None and any(v["VariantName"] == variant for v in config["ProductionVariants"])
