"""Being told."""

from contracts.answers import WebhookSecret
from contracts.route import Route

ROUTES = (
    Route(
        name="get_webhook_secret",
        method="GET",
        path="/v1/webhooks/default/secret",
        about="The secret that signs what the client is told, as https://www.standardwebhooks.com says. Every client has its own.",
        answer=WebhookSecret,
        errors={404: "the stage sends no webhooks"},
    ),
)
