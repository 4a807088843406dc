"""What a function wrote, whole and at once: its worker says when an invocation's last line is written, and ministack waits for that.

ministack waits 50 ms for a first line and takes what came within 250 ms: each silent invocation is 50 ms late, and what a talkative one
writes after that ends in the next one's log.
"""

import queue
from typing import Any

from ministack.core import lambda_runtime

from local.errors import LocalCloudError

_ANSWERED = "        _real_stdout.flush()\n\nrun()"
_SAID = '        _real_stdout.flush()\n        print("\\0", file=sys.__stderr__, flush=True)\n\nrun()'
_LAST = "\0"
"""How the line ends that follows an invocation's last one; a log holds no such character otherwise."""

_LOOK_SECONDS = 0.05
_MOST_SECONDS = 10.0
"""For a worker that lives and has closed what it writes to."""


def install() -> None:
    """Replace the wait. Raises LocalCloudError where the worker's script has changed."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(_ANSWERED) != 1:
        raise LocalCloudError("ministack moved under the local cloud: the Lambda worker's last lines have changed")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_ANSWERED, _SAID)
    bounded = lambda_runtime.Worker._drain_stderr_bounded

    def drain_whole(self: Any, *args: Any, **kwargs: Any) -> str:
        if not self.config.get("Runtime", "").startswith("python"):
            text: str = bounded(self, *args, **kwargs)
            return text
        return "\n".join(_lines(self))

    lambda_runtime.Worker._drain_stderr_bounded = drain_whole


def _lines(worker: Any) -> list[str]:
    """The lines up to the last; those of a worker that died, as far as they came."""
    lines, looks = list[str](), int(_MOST_SECONDS / _LOOK_SECONDS)
    while looks:
        try:
            line = worker._stderr_queue.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            looks = looks - 1 if worker._stderr_thread.is_alive() else 0
            continue
        if line.endswith(_LAST):
            return [*lines, *filter(None, [line.removesuffix(_LAST)])]
        lines.append(line)
    return lines
