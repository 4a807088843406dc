"""Atelier's Python client: ``Atelier`` and ``AsyncAtelier``."""

from atelier.client import AsyncAtelier, Atelier
from atelier.webhooks import verify_webhook

__all__ = ["AsyncAtelier", "Atelier", "verify_webhook"]
