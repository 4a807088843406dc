"""Asks the endpoint for one picture in the published style; ``inference_result`` answers the run that waits."""

import time
from typing import Any

from atelier_ops.gateways.inference import Inference
from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.smoke import inference_id, smoke_request, waiting
from atelier_ops.logic.submission import Queueing, claimed, submit
from atelier_ops.observability import observed
from contracts.plan import FineTuningPlan
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment. ``endpoint_name`` is the shared endpoint; ``real_time_function`` asks endpoints, ``none`` if they are asynchronous."""

    table_name: str
    media_bucket: str
    endpoint_name: str
    real_time_function: str


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """``{"plan", "version", "endpoint", "token"}``; no endpoint means the shared one.

    Raises EndpointUnavailableError, EndpointDeniedError.
    """
    settings, plan, now = Settings.from_environment(), FineTuningPlan.from_json(event["plan"]), time.time()
    version, dedicated = int(event["version"]), event.get("endpoint")
    records, media = Records(settings.table_name), ObjectStore(settings.media_bucket)
    inference = inference_id(plan.execution, version)
    body = smoke_request(plan, version, dedicated=bool(dedicated))
    # Stored before asking: the answer may come at once.
    endpoint = dedicated or settings.endpoint_name
    record = claimed(waiting(inference, event["token"], plan.execution, endpoint, now, body), now)
    records.put(record)
    submit(record, Queueing(records=records, media=media, inference=Inference(settings.real_time_function)), now)
