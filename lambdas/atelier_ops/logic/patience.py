"""Keeping a request until its prediction has ended, where the client would rather wait."""

from atelier_ops.gateways.records import Record
from atelier_ops.logic.deletion import DELETING
from atelier_ops.logic.http import Dependencies
from atelier_ops.logic.prediction_watch import sleeps
from atelier_ops.logic.submission import OPEN

SHORTEST_PAUSE = 0.1
LONGEST_PAUSE = 1.5
"""Seconds between two looks at the record; each is longer than the one before."""


def await_end(record: Record, seconds: int | None, dependencies: Dependencies) -> Record:
    """The record as it is once it has ended, or ``seconds`` after the request came.

    At once where the endpoint is at zero instances: then no answer comes in time, however long the client is kept.
    """
    deadline, pause = dependencies.now + (seconds or 0), SHORTEST_PAUSE
    while record.status in OPEN and dependencies.clock() + pause <= deadline and not sleeps(record, dependencies):
        dependencies.pause(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
        newest = dependencies.records.get(record.key)
        if newest is None or newest.status == DELETING:  # canceled and deleted meanwhile
            break
        record = newest
    return record
