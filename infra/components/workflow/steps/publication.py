"""Publishing: an approved package becomes a version that requests and executions can name."""

from collections.abc import Mapping
from typing import Any

from contracts.layout import MANIFEST
from infra.components.access import allow, arn, reading, writing
from infra.components.attributes import bucket_name
from infra.components.handler import Spec
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import Step, variables

PROMOTED = "styles/*/latest.json"
"""What each style's bare name means."""

_MANIFESTS = f"styles/*/{MANIFEST}"


def publish(use: Resources) -> Step:
    """A style's version in ``styles/{style}/{version}/``."""
    return _publish(
        use, "publish", "styles/*", ("version", "uri", "adapter", "endpoint"), {"NAME_PREFIX": use.stage.prefix}
    )


def publish_base(use: Resources) -> Step:
    """A base model in ``base/{name}@{version}/``."""
    return _publish(use, "publish_base", "base/*", ("reference", "uri"), {})


def _publish(use: Resources, handler: str, target: str, leaves: tuple[str, ...], more: Mapping[str, str]) -> Step:
    """``more`` is what the handler's environment holds beside the buckets."""
    buckets = {"DATA_BUCKET": bucket_name(use.data_bucket), "MODEL_BUCKET": bucket_name(use.model_bucket)}
    spec = Spec(
        name=handler,
        environment=buckets | dict(more),
        grants=[
            reading(use.data_bucket, "runs/*"),
            reading(use.model_bucket, target),
            writing(use.model_bucket, target),
        ],
        # A whole model is some gigabytes, copied on S3's side in parts.
        seconds=900,
        memory_mib=1024,
    )
    payload: dict[str, Any] = variables("plan", "artifact", "package", "version")
    return use.handlers.call(
        spec,
        name="Publish",
        does=f"Copy the artifact to where it is found by its name, {target.removesuffix('*')}",
        payload=payload | {"metrics": "{% $gate.metrics %}"},
        assign={name: f"{{% $states.result.Payload.{name} %}}" for name in leaves},
    )


def promote(use: Resources) -> Step:
    """Let a style's name without a version mean this one; ``$promotion`` says in words what was done.

    ``$left`` are the endpoints of versions that the style has left behind.
    """
    spec = Spec(
        name="promote",
        environment={"MODEL_BUCKET": bucket_name(use.model_bucket), "NAME_PREFIX": use.stage.prefix},
        grants=[
            reading(use.model_bucket, PROMOTED, _MANIFESTS),
            writing(use.model_bucket, PROMOTED),
            [allow(["sagemaker:DescribeModelPackage"], [arn("sagemaker", f"model-package/{use.stage.prefix}-*")])],
        ],
    )
    return use.handlers.call(
        spec,
        name="Promote",
        does="Let the style's bare name mean this version, unless it means a newer one, or this one was rejected",
        payload=variables("plan", "version"),
        assign={name: f"{{% $states.result.Payload.{name} %}}" for name in ("promotion", "left")},
    )
