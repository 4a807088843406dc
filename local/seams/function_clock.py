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

    def ahead():
        with open(place) as file:
            return float(file.read())

    class Kind(type):
        def __instancecheck__(cls, value):
            return isinstance(value, own_datetime)

    class Other(own_datetime, metaclass=Kind):
        @classmethod
        def now(cls, tz=None):
            return own_datetime.now(tz) + datetime.timedelta(seconds=ahead())

        @classmethod
        def utcnow(cls):
            return own_datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(seconds=ahead())

    time.time, datetime.datetime = lambda: own_time() + ahead(), Other


_live_by_another_clock({place!r})
"""


def install(place: Path) -> None:
    """Let each worker that starts look for its clock's difference from this machine's in a file at `place`."""
    prelude = _PRELUDE.replace("{place!r}", repr(str(place)))
    lambda_runtime._PYTHON_WORKER_SCRIPT = prelude + lambda_runtime._PYTHON_WORKER_SCRIPT
