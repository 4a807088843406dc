"""Asks the endpoint for one picture in the published style; ``inference_result`` answers the run that waits."""

import json
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.smoke import inference_id, smoke_request, waiting
from atelier_ops.observability import observed
from contracts.layout import S3Uri, request_key
from contracts.plan import FineTuningPlan
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment. ``endpoint_name`` is the shared endpoint."""

    table_name: str
    media_bucket: str
    endpoint_name: str


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What asking needs."""

    shared_endpoint: str
    records: Records
    media: ObjectStore
    inference: Inference


@cache
def dependencies() -> Dependencies:
    """Made once a container."""
    settings = Settings.from_environment()
    return Dependencies(
        shared_endpoint=settings.endpoint_name,
        records=Records(settings.table_name),
        media=ObjectStore(settings.media_bucket),
        inference=Inference(),
    )


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """``{"plan", "version", "endpoint", "token"}``; no endpoint means the shared one. Raises EndpointUnavailableError."""
    use, plan = dependencies(), FineTuningPlan.from_json(event["plan"])
    version, dedicated = int(event["version"]), event.get("endpoint")
    inference = inference_id(plan.execution, version)
    body = smoke_request(plan, version, dedicated=bool(dedicated))
    use.media.write(request_key(inference), json.dumps(body).encode(), "application/json")
    # Stored before asking: the answer may come at once.
    use.records.put(waiting(inference, event["token"], plan.execution, int(time.time())))
    where = S3Uri(bucket=use.media.bucket, key=request_key(inference))
    use.inference.submit(dedicated or use.shared_endpoint, where, inference)
