"""The secrets that sign webhooks: one of the stage, of which each client's is made."""

from aws_lambda_powertools.event_handler import Response

from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.stage_secrets import stage_secret
from atelier_ops.logic.webhook_signature import client_secret, written

KEY = "secret#webhooks"
"""The stage's secret. Who removes it gives every client a new one."""


def get(request: Request, dependencies: Dependencies) -> Response[str]:
    """200 with the secret that signs what the client is told. Raises ProblemError 404 where the stage tells nobody."""
    if dependencies.reach == "none":
        raise ProblemError(404, "webhooks: this stage lies in a network without a way to the internet, and sends none")
    secret = client_secret(stage_secret(KEY, dependencies.records), request.client)
    return respond(200, {"key": written(secret)})
