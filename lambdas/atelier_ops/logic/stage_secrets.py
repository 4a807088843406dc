"""Secrets that a stage makes itself, and keeps in its table, which its key encrypts."""

import base64
import secrets

from atelier_ops.gateways.records import NEVER, Record, Records

SECRET_BYTES = 32
"""What HMAC-SHA256 takes and gives."""


def stage_secret(key: str, records: Records) -> bytes:
    """The stage's secret of this key, made when it is first needed; whoever comes first makes it."""
    while (stored := records.get(key)) is None:
        made = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        records.add(Record(key=key, status="kept", expires_at=NEVER, data={"secret": made}))
    return base64.b64decode(stored.data["secret"])
