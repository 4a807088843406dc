"""Finds the API key in each request of the API, for API Gateway, which knows what keys there are and what each may do.

It is asked before everything else: it calls nothing, logs nothing and imports neither the SDK nor Powertools.
"""

from typing import Any

from atelier_ops.logic.credentials import authorize


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """One event of API Gateway's REQUEST authorizer → its answer."""
    return authorize(event)
