"""Kills the local cloud, and starts it again on its folder."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

from local.cloud import LocalCloud
from local.errors import LocalCloudError
from tests.chaos.injuries import below
from tests.chaos.model_runs import finished, unanswered
from tests.chaos.schedule import Act

_END_SECONDS = 20.0
_START_PAUSES_SECONDS = (2.0, 4.0)
_VICTIMS = (("local.server",), ("local.supervisor",), ("local.supervisor", "local.server"))


@dataclass(frozen=True, kw_only=True)
class Restarts:
    """One at a time. ``painted`` are the predictions that model servers finished before, whose logs a start removes; ``cut_off``
    those of them whose answer had not yet come to S3 when the cloud was killed, so that nobody can have it any more."""

    cloud: LocalCloud
    happened: Counter[str] = field(default_factory=Counter)
    painted: Counter[str] = field(default_factory=Counter)
    cut_off: Counter[str] = field(default_factory=Counter)
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def restart(self, act: Act) -> None:
        """SIGKILL to the server, to the supervisor, or to both; returns when the cloud answers again."""
        with self._alone:
            names, both = _VICTIMS[act.dice % len(_VICTIMS)], list(self._both())
            for process, name in both:
                if name in names:
                    process.kill()
            self.happened[f"{' and '.join(name.removeprefix('local.') for name in names)} KILL"] += 1
            self.cloud.close()
            psutil.wait_procs([process for process, _ in both], timeout=_END_SECONDS)
            painted = finished(self.cloud.run_dir)
            self.painted.update(painted)
            self.cut_off.update(painted.keys() & unanswered(self.cloud.run_dir))
            self._start()

    def _start(self) -> None:
        """As a person does, who tries again when the disk has room again."""
        for pause in _START_PAUSES_SECONDS:
            try:
                self.cloud.__enter__()
            except LocalCloudError:
                time.sleep(pause)
            else:
                return
        self.cloud.__enter__()

    def _both(self) -> Iterator[tuple[psutil.Process, str]]:
        """The supervisor and the server, with the module that each runs."""
        for process, command in below(self.cloud.run_dir):
            # The server's own command stands behind the supervisor's module.
            module = command.partition(" -m ")[2].partition(" ")[0]
            if module in _VICTIMS[-1]:
                yield process, module
