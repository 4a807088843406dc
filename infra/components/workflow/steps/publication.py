"""Publishing: an approved package becomes a version that requests and executions can name."""

from typing import Any

from infra.components.access import allow, reading, writing
from infra.components.handler import Spec
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import Step, retry, sdk_transient, variables


def publish(use: Resources) -> Step:
    """A style's version in ``styles/{style}/{version}/``."""
    return _publish(use, "publish", "styles/*", ("version", "uri", "adapter"))


def publish_base(use: Resources) -> Step:
    """A base model in ``base/{name}@{version}/``."""
    return _publish(use, "publish_base", "base/*", ("reference", "uri"))


def _publish(use: Resources, handler: str, target: str, leaves: tuple[str, ...]) -> Step:
    spec = Spec(
        name=handler,
        environment={"DATA_BUCKET": use.data_bucket.bucket_name, "MODEL_BUCKET": use.model_bucket.bucket_name},
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
    """Let a style's name without a version mean this one."""
    return Step(
        name="Promote",
        does="Let the style's bare name mean this version",
        resource="aws-sdk:s3:putObject",
        arguments={
            "Bucket": use.model_bucket.bucket_name,
            "Key": "{% $plan.published & 'latest.json' %}",
            "Body": {"version": "{% $version %}"},
            "ContentType": "application/json",
        },
        retries=[retry(sdk_transient("S3"))],
        allows=[
            allow(["s3:PutObject"], [use.model_bucket.arn_for_objects("styles/*/latest.json")]),
            allow(["kms:GenerateDataKey"], [use.key.key_arn]),
        ],
    )
