"""The sweep that removes what belongs to people whose data are to be deleted."""

from collections.abc import Callable, Mapping

from atelier_ops.gateways.records import NEVER, Record
from atelier_ops.logic.people.erased_batches import erase_batch
from atelier_ops.logic.people.erased_predictions import erase_prediction
from atelier_ops.logic.people.erased_styles import erase_style
from atelier_ops.logic.people.erasure import ERASING, SETTLED, Erasing, ended, is_meant
from atelier_ops.logic.people.persons import BATCH, PREDICTION, STYLE, belonging, named
from atelier_ops.logic.sweeping import sweep
from atelier_ops.logic.timestamps import seconds
from atelier_ops.observability import count

_ERASE: Mapping[str, Callable[[Record, Record, Erasing], bool]] = {
    PREDICTION: erase_prediction,
    BATCH: erase_batch,
    STYLE: erase_style,
}


def erase_all(dependencies: Erasing, goes_on: Callable[[], bool]) -> int:
    """Go on with every deletion; how many ended. Raises an ExceptionGroup of what went wrong, after it has looked at all.

    Ends early where ``goes_on`` says no: the next sweep takes up what is left.
    """
    finished = 0
    with sweep() as one:
        for key in dependencies.records.expiring(ERASING, NEVER + 1):
            with one(key):
                erasure = dependencies.records.get(key)
                if erasure is not None and erasure.status == ERASING:
                    finished += _erase(erasure, dependencies, goes_on)
    return finished


def _erase(erasure: Record, dependencies: Erasing, goes_on: Callable[[], bool]) -> bool:
    """Whether nothing is left of the person."""
    records, left, failures = dependencies.records, 0, list[Exception]()
    for key in records.expiring(belonging(erasure.data["person"]), NEVER + 1):
        if not goes_on():
            return False
        note = records.get(key)
        if note is None or not is_meant(note, erasure):
            continue
        left += 1
        try:
            _ERASE[named(key)[0]](note, erasure, dependencies)
        except Exception as error:  # noqa: BLE001  a thing's edge: what is wrong with one keeps no other
            failures.append(error)
    if failures:
        raise ExceptionGroup("of a person some things could not be removed", failures)
    # Only a look that finds nothing, and is late enough to have seen all, ends it.
    if left or dependencies.now - seconds(erasure.data["requested_at"]) < SETTLED:
        return False
    newest = records.get(erasure.key)
    if newest is None or not records.replace(newest, ended(newest, dependencies.now)):
        return False
    count("PeopleErased")
    return True
