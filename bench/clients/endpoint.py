"""Asking a stage's asynchronous endpoint, without the API, as boto3 does it."""

import json
from collections.abc import Mapping
from typing import Any

from bench.clients.world import ClientStage


def answer(world: ClientStage, *, content_type: str = "application/json", **how: Any) -> Mapping[str, Any]:
    """The JSON answer to InvokeEndpointAsync, called as ``how`` says. Raises AssertionError where the model server refuses."""
    queued = world.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=world.outputs["EndpointName"], ContentType=content_type, **how
    )
    s3 = world.client("s3")

    def written() -> Mapping[str, Any] | None:
        failure = _text(s3, queued["FailureLocation"])
        assert failure is None, failure
        text = _text(s3, queued["OutputLocation"])
        return None if text is None else json.loads(text)

    return world.until(written)


def _text(s3: Any, address: str) -> str | None:
    """What an object says; None where there is none."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if not s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents"):
        return None
    return str(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
