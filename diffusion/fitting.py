"""Does work row by row of a batch, as many rows at once as the GPU has room for: a batch is not lost for want of memory."""

import logging
from collections.abc import Callable, Hashable

import torch
from torch import Tensor

log = logging.getLogger(__name__)


def is_out_of_memory(error: Exception) -> bool:
    """Whether a device had no room for what was to be calculated; of a CPU, torch says so in words alone."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


class RowsThatFit:
    """Remembers, for each kind of work, how many rows at once were too many. For one thread, which runs the models."""

    def __init__(self, doing: str) -> None:
        """``doing`` says in the log what the work is."""
        self._doing = doing
        self._most: dict[Hashable, int] = {}

    def run(self, kind: Hashable, rows: int, work: Callable[[int, int], Tensor]) -> Tensor:
        """What ``work(0, rows)`` gives, a row for each; in parts from ``start`` to ``stop``, now and from now on, where there is no room.

        Raises what ``is_out_of_memory`` where there is none for one row.
        """
        return self._part(kind, 0, rows, work)

    def _part(self, kind: Hashable, start: int, stop: int, work: Callable[[int, int], Tensor]) -> Tensor:
        rows = stop - start
        most = self._most.get(kind, rows)
        if rows > most:
            starts = range(start, stop, most)
            return torch.cat([self._part(kind, first, min(first + most, stop), work) for first in starts])
        try:
            return work(start, stop)
        except (RuntimeError, MemoryError) as error:
            if rows == 1 or not is_out_of_memory(error):
                raise
        self._most[kind] = rows // 2
        fields = {"doing": self._doing, "rows": rows, "from_now": rows // 2}
        log.warning("out of memory: fewer rows at once", extra={"fields": fields})
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return self._part(kind, start, stop, work)
