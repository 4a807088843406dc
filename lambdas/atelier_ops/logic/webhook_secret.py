"""The secrets that sign webhooks: one of the stage, of which each client's is made."""

import base64
import secrets

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.records import NEVER, Record, Records
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.webhook_signature import SECRET_BYTES, client_secret, written

KEY = "secret#webhooks"
"""The stage's secret. Who removes it gives every client a new one."""


def get(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with the secret that signs what the client is told. Raises ProblemError 404 where the stage tells nobody."""
    if dependencies.reach == "none":
        raise ProblemError(404, "webhooks: this stage lies in a network without a way to the internet, and sends none")
    secret = client_secret(stage_secret(dependencies.records), request.client)
    return respond(200, {"key": written(secret)})


def stage_secret(records: Records) -> bytes:
    """The stage's secret, made when it is first needed; whoever comes first makes it."""
    while (stored := records.get(KEY)) is None:
        made = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        records.add(Record(key=KEY, status="kept", expires_at=NEVER, data={"secret": made}))
    return base64.b64decode(stored.data["secret"])
