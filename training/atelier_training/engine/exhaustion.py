"""What a job ends with when memory or the disk has run out: what it was doing, what it needed, and which setting to change.

Libraries say it each in their own words, and none says more than that it ran out.
"""

import errno
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from atelier_training.engine.interruption import Interruption
from contracts.errors import InvalidInputError

GIB = 2**30

_MEMORY = re.compile(
    r"out of memory|can't allocate memory|cannot allocate memory|_STATUS_ALLOC_FAILED|bad_alloc", re.IGNORECASE
)
"""Of torch, CUDA, cuBLAS, cuDNN, NCCL, the C library and C++."""
_DISK = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_ASKED = re.compile(r"tried to allocate (?P<count>[\d.]+) (?P<unit>bytes|KiB|MiB|GiB)", re.IGNORECASE)
_UNITS = {"bytes": 1 / GIB, "kib": 2**-20, "mib": 2**-10, "gib": 1.0}

log = logging.getLogger(__name__)


class NotEnoughMemoryError(InvalidInputError):
    """The job needs more memory than its machine has. The same job on the same machine ends here again."""


class DiskFullError(InvalidInputError):
    """The job needs more disk than its machine has."""


Advice = Callable[[], Sequence[str]]
"""What a person can change so that less memory is needed, the mildest first."""


@contextmanager
def noted(note: Callable[[], str]) -> Iterator[None]:
    """Note on any error that comes out of the block what its work needs."""
    try:
        yield
    except Exception as error:
        error.add_note(note())
        raise


@contextmanager
def exhaustion_named(interruption: Interruption, advice: Advice, *, volume: str) -> Iterator[None]:
    """Turn whatever says that memory or disk ran out into a NotEnoughMemoryError or a DiskFullError; the original goes to the log.

    ``interruption`` knows what the job was doing; ``volume`` is the stage's setting of the disk's size.
    """
    try:
        yield
    except InvalidInputError:
        raise
    except Exception as error:
        doing = interruption.doing or "starting"
        named: InvalidInputError | None = None
        if _says(error, _DISK, errno.ENOSPC, errno.EDQUOT):
            named = DiskFullError(f"disk while {doing}", got=_told(error), allowed=f"a larger {volume}")
        elif isinstance(error, MemoryError) or _says(error, _MEMORY, errno.ENOMEM):
            named = NotEnoughMemoryError(f"memory while {doing}", got=_wanted(error), allowed=" or ".join(advice()))
        if named is None:
            raise
        log.error("%s ran out", named.what, exc_info=error)
        raise named from error


def _says(error: BaseException, words: re.Pattern[str], *numbers: int) -> bool:
    """Whether the error, or one that it came of, says so: a writer that is closed after a failed write fails once more, otherwise."""
    seen: BaseException | None = error
    while seen is not None:
        if getattr(seen, "errno", None) in numbers or words.search(str(seen)):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def _told(error: BaseException) -> str:
    """What of the disk's need somebody noted on the error, else the error's words."""
    return "; ".join(["no space left", *getattr(error, "__notes__", ())])


def _wanted(error: BaseException) -> str:
    """How much was asked for in vain, how much is in use, and what was noted of the need."""
    asked = _ASKED.search(str(error))
    size = f"{float(asked['count']) * _UNITS[asked['unit'].lower()]:.2f} GiB more" if asked else "more"
    notes = getattr(error, "__notes__", ())
    return "; ".join([f"{size} than fits{_beside(error)}", *notes])


def _beside(error: BaseException) -> str:
    """The host's memory where that ran out, else what is in use of the GPU's."""
    if isinstance(error, MemoryError | OSError) or "CPUAllocator" in str(error):
        return f" into {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / GIB:.2f} GiB"
    torch: Any = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return ""
    free, total = torch.cuda.mem_get_info()
    return f" beside {(total - free) / GIB:.2f} of {total / GIB:.2f} GiB in use"
