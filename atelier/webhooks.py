"""Whether a webhook is the API's: signatures of https://www.standardwebhooks.com, by the secret of ``webhooks.secret()``."""

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from atelier.errors import WebhookError
from atelier.sending import ask
from atelier.steps import Steps
from contracts.answers import WebhookSecret

TOLERANCE_SECONDS = 5 * 60
"""How old or early a webhook may be, so that none that somebody kept is believed again."""
_PREFIX = "whsec_"


def verify_webhook(
    body: bytes | str, headers: Mapping[str, str], secret: str, *, now: float | None = None
) -> dict[str, Any]:
    """The webhook's prediction, training or batch, as its body says. Give the body as it came, byte for byte.

    Deliveries come at least once: who must not act twice keeps ``webhook-id``. Raises WebhookError.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        identifier, stamp, signatures = (given[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        age = (time.time() if now is None else now) - int(stamp)
    except (KeyError, ValueError) as error:
        raise WebhookError("webhook: got no webhook-id, webhook-timestamp and webhook-signature") from error
    if abs(age) > TOLERANCE_SECONDS:
        raise WebhookError(f"webhook-timestamp: got one {age:.0f} s old; allowed: {TOLERANCE_SECONDS} s")
    content = body.encode() if isinstance(body, str) else body
    signed = f"{identifier}.{stamp}.".encode() + content
    right = b"v1," + base64.b64encode(hmac.digest(_key(secret), signed, "sha256"))
    if not any(hmac.compare_digest(right, each) for each in signatures.encode().split(b" ")):
        raise WebhookError("webhook-signature: got none that the secret makes of this body")
    told: dict[str, Any] = json.loads(content)
    return told


def secret() -> Steps[str]:
    """The client's own secret, which signs what it is told. Raises ApiError."""
    found = yield from ask(WebhookSecret, "GET", "/v1/webhooks/default/secret")
    return found.key


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise WebhookError(f"webhook secret: got one that is no base64; allowed: {_PREFIX}…") from error
