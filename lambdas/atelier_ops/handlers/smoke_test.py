"""Asks the endpoint for one picture in the published style; ``inference_result`` answers the run that waits."""

import json
import time
from typing import Any

from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.smoke import inference_id, smoke_request, waiting, with_places
from atelier_ops.observability import observed
from contracts.layout import S3Uri, request_key
from contracts.plan import FineTuningPlan
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment. ``endpoint_name`` is the shared endpoint."""

    table_name: str
    media_bucket: str
    endpoint_name: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """``{"plan", "version", "endpoint", "token"}``; no endpoint means the shared one. Raises EndpointUnavailableError."""
    settings, plan = Settings.from_environment(), FineTuningPlan.from_json(event["plan"])
    version, dedicated = int(event["version"]), event.get("endpoint")
    inference = inference_id(plan.execution, version)
    where = S3Uri(bucket=settings.media_bucket, key=request_key(inference))
    body = smoke_request(plan, version, dedicated=bool(dedicated))
    ObjectStore(where.bucket).write(where.key, json.dumps(body).encode(), "application/json")
    # Stored before asking: the answer may come at once.
    record = waiting(inference, event["token"], plan.execution, int(time.time()))
    records = Records(settings.table_name)
    records.put(record)
    places = Inference().submit(dedicated or settings.endpoint_name, where, inference)
    records.replace(with_places(record, places), while_status=(record.status,))
