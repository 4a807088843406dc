"""Signatures by which a client knows that a message is ours: https://github.com/standard-webhooks/standard-webhooks, as Replicate's are."""

import base64
import hmac
from collections.abc import Mapping

PREFIX = "whsec_"


def client_secret(stage_secret: bytes, client: str) -> bytes:
    """A client's own secret: who knows it learns nothing of another's."""
    return hmac.digest(stage_secret, f"webhooks of {client}".encode(), "sha256")


def written(secret: bytes) -> str:
    """A secret as clients keep it: ``whsec_…``."""
    return PREFIX + base64.b64encode(secret).decode()


def signed(secret: bytes, message: str, body: bytes, now: float) -> Mapping[str, str]:
    """The headers of a message, whose name has no full stop; a repetition has the same name and another time.

    Whoever hears it compares the time (in seconds since 1970) with the own clock, so that nobody sends an old message again.
    """
    moment = str(int(now))
    content = b".".join((message.encode(), moment.encode(), body))
    signature = base64.b64encode(hmac.digest(secret, content, "sha256")).decode()
    return {"webhook-id": message, "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}
