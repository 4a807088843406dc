"""Removes dedicated endpoints: those of versions that a style has left behind, or that of a rollout that failed."""

from typing import Any

from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.logic.endpoint import remove_endpoint
from atelier_ops.observability import logger, observed


@observed
def handler(event: dict[str, Any], context: object) -> None:
    """``{"endpoints": [name, ...]}``; missing ones are fine. Raises EndpointBusyError while one is being created."""
    endpoints = Endpoints()
    for name in event["endpoints"]:
        remove_endpoint(name, endpoints)
        logger.info("endpoint removed", endpoint=name)
