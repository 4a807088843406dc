"""Webhooks: what a client may ask to be told of, and where a stage sends that."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.declarations import about, listed, text

WebhookEvent = Literal["start", "output", "logs", "completed"]

Reach = Literal["none", "public", "loopback"]
"""Which addresses a stage sends webhooks to: none, for it lies in a network without a way out; public ones; those of its own machine, too,
which is for a stage on a laptop."""

WebhookAddress = Annotated[
    str,
    text("an https:// address", longest=1_024, pattern=r"https?://[!-~]+"),
    about(
        "told of what webhook_events_filter names, in a signed POST with what a GET answers; it must be public, on port 443 or 8443",
        examples=["https://example.com/told"],
    ),
]
"""The pattern lets ``http`` through for stages on a laptop; ``atelier_ops.webhook_address`` says what else must hold."""

WebhookEvents = Annotated[
    tuple[WebhookEvent, ...],
    listed(
        "of what webhook is told: start, that it was taken on; output, logs and completed, that it has ended, with pictures, "
        "with logs, or in any way. One end is told once, whatever of these it is"
    ),
    Field(min_length=1),
]
DEFAULT_EVENTS: tuple[WebhookEvent, ...] = ("output", "completed")
"""Replicate's own default."""
