"""The clock of functions: where a test has set one, their workers live by it, ahead of this machine's or behind.

AWS keeps the clocks of its services near each other, not equal; and what a function does hours later is seen without waiting for hours.
"""

from pathlib import Path

from ministack.core import lambda_runtime

_PRELUDE = """\
def _live_by_another_clock(place):
    import datetime, os, time

    if not os.path.exists(place):
        return
    own_time, own_datetime = time.time, datetime.datetime

    def ahead(signing):
        with open(place) as file:
            return float(file.read().split()[signing])

    class Kind(type):
        def __instancecheck__(cls, value):
            return isinstance(value, own_datetime)

    class Other(own_datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz=None):
            return own_datetime.now(tz) + datetime.timedelta(seconds=ahead(1))

        @classmethod
        def utcnow(cls):
            return own_datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(seconds=ahead(1))

    time.time, datetime.datetime = lambda: own_time() + ahead(0), Other


_live_by_another_clock({place!r})
"""


def install(place: Path) -> None:
    """Let each worker that starts look in a file at `place` how far its clock is ahead, and how far that by which it signs."""
    prelude = _PRELUDE.replace("{place!r}", repr(str(place)))
    lambda_runtime._PYTHON_WORKER_SCRIPT = prelude + lambda_runtime._PYTHON_WORKER_SCRIPT
