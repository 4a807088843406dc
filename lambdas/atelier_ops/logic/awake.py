"""Whether an endpoint has an instance: one at zero needs minutes before it answers anything."""

from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.gateways.aws import passes
from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.observability import logger

SECONDS_KNOWN = 5.0
"""For how long a handler believes what it has seen: SageMaker takes few of these questions a second, and clients ask often."""


class SeenFleets:
    """How many instances endpoints have, as far as this handler has seen; it lives as long as the handler's process."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int | None]] = {}

    def instances(self, endpoint: str, endpoints: Endpoints, now: float) -> int | None:
        """The endpoint's instances, ``SECONDS_KNOWN`` old at most; None where nobody can tell now."""
        at, known = self._seen.get(endpoint, (0.0, None))
        if not 0 <= now - at < SECONDS_KNOWN:
            known = _ask(endpoint, endpoints)
            self._seen[endpoint] = now, known
        return known


def _ask(endpoint: str, endpoints: Endpoints) -> int | None:
    try:
        state = endpoints.state(endpoint)
    except (ClientError, BotoCoreError) as error:
        if not passes(error):
            raise
        logger.warning("an endpoint cannot be looked at now", exc_info=True)
        return None
    return state.instances if state else None
