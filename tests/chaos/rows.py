"""What must hold of batches whatever went wrong: each row is painted once, however often a batch was stopped and went on."""

from collections.abc import Iterator

from tests.chaos.evidence import Evidence
from tests.chaos.history import History


def uneven(history: History, evidence: Evidence) -> Iterator[str]:
    """One key, one batch. When it has been gone on with until nothing is left, each row has one picture, and its counts say so."""
    for key, ids in history.batch_ids.items():
        if len(ids) > 1:
            yield f"Idempotency-Key {key} made batches {sorted(ids)}"
    for one, rows in history.batch_rows.items():
        counts = history.counts.get(one)
        if counts is None or one in history.open_batches():
            yield f"batch {one} never ended"
            continue
        painted = {row: evidence.rows.get(row, ()).count("succeeded") for row in rows}
        yield from (f"batch {one}: {row!r} was painted {n} times" for row, n in painted.items() if n != 1)
        if counts["total"] != len(rows) or counts["succeeded"] != sum(map(bool, painted.values())):
            yield f"batch {one} of {len(rows)} rows says {counts}"
    yield from (f"{each} still waits for a prediction" for each in evidence.waiting_items)
    yield from (f"execution {each} of a batch runs on" for each in evidence.running_batches)
