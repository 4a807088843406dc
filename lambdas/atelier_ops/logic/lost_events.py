"""Events of SageMaker that never came: what they would have said is looked up for everything that a run waits for."""

from collections.abc import Iterator
from dataclasses import dataclass

from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.records import WAITING, Records
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic import approval, endpoint
from atelier_ops.logic.sweeping import sweep

LATE = 300
"""Seconds for which an event is waited for: one takes about a second, and SageMaker may not find at once what was just made."""

_LIFETIMES = {"approval": approval.LONGEST_WAIT, "endpoint": endpoint.LONGEST_DEPLOYMENT}
"""For how many seconds records of a kind are kept, from which their expiry tells their age."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What looking needs."""

    records: Records
    tokens: Tokens
    packages: Packages
    endpoints: Endpoints


def settle_waiting(dependencies: Dependencies, now: float) -> Iterator[str]:
    """Let each run go on, or fail, whose package was decided about or whose endpoint has settled; says what was done.

    Harmless when repeated, as events are. Raises an ExceptionGroup of what went wrong, after it has looked at all.
    """
    with sweep() as one:
        for key in dependencies.records.expiring(WAITING, int(now) + max(_LIFETIMES.values())):
            kind, _, name = key.partition("#")
            with one(key):
                record = dependencies.records.get(key) if kind in _LIFETIMES else None
                if record is not None and now - (record.expires_at - _LIFETIMES[kind]) > LATE:
                    yield settle(kind, name, dependencies)


def settle(kind: str, name: str, dependencies: Dependencies) -> str:
    """Let the run go on, or fail, that waits for the ``endpoint`` of this name, or for the ``approval`` of this package; says what it did.

    SageMaker is asked how things are.
    """
    if kind == "endpoint":
        state = dependencies.endpoints.state(name)
        return endpoint.settle_endpoint(name, state, dependencies.records, dependencies.tokens)
    status, reason = "Rejected", "it was deleted"
    if dependencies.packages.exists(name):
        status, reason = dependencies.packages.approval(name)
    return approval.settle_approval(name, status, reason, dependencies.records, dependencies.tokens)
