"""How a job ends: its exit code, and the one line that SageMaker shows as the reason of a failure."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

from atelier_training.engine.interruption import InterruptedJobError
from contracts.errors import InvalidInputError

BAD_INPUT = 1
UNEXPECTED = 2
STOPPED = 143
"""128 + SIGTERM: stopped on request, nothing is wrong."""

LONGEST_REASON = 1024
"""SageMaker keeps this many characters of a failure reason."""

log = logging.getLogger(__name__)


def guard(job: Callable[[], None], failure: Path) -> int:
    """Run a job. Returns its exit code: 0; 1 bad input, or too small a machine; 2 unexpected (traceback to the log only);
    143 stopped by SIGTERM.

    The reason goes to ``failure``; a reason that is already there (another process of the same job) is kept.
    """
    try:
        job()
    except InterruptedJobError as stop:
        log.warning("%s", stop)
        return STOPPED
    except InvalidInputError as error:
        _report(error, failure)
        return BAD_INPUT
    except Exception as error:
        log.error("unexpected failure", exc_info=error)
        _report(error, failure)
        return UNEXPECTED
    return 0


def reason(error: BaseException) -> str:
    """``ErrorName: message`` on one line, cut to what SageMaker keeps."""
    line = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"


def _report(error: BaseException, failure: Path) -> None:
    sys.stdout.flush()
    print(reason(error), file=sys.stderr, flush=True)
    try:
        failure.parent.mkdir(parents=True, exist_ok=True)
        with failure.open("x", encoding="utf-8") as file:
            file.write(reason(error))
    except FileExistsError:
        log.info("%s already says why this job failed", failure.name)
    except OSError as full:
        # The reason is in the log, and a full disk is what it may be.
        log.error("%s cannot be written: %s", failure.name, full)
