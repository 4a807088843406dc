"""Looking at one record after another: one that cannot be settled does not keep the others waiting."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from atelier_ops.observability import logger

One = Callable[[str], AbstractContextManager[None]]


@contextmanager
def sweep() -> Iterator[One]:
    """What is given guards a look at one record, by its key: an error ends that look alone.

    Raises all of them, as an ExceptionGroup, when the sweep is over, so that an alarm tells of it.
    """
    errors: list[Exception] = []

    @contextmanager
    def one(key: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  a record's edge: the others are looked at all the same
            logger.exception("a record could not be settled", key=key)
            errors.append(error)

    yield one
    if errors:
        raise ExceptionGroup(f"records that could not be settled: {len(errors)}", errors)
