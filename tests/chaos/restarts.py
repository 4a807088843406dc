"""Kills the local cloud, and starts it again on its folder."""

import contextlib
import threading
from collections import Counter
from dataclasses import dataclass, field

import psutil

from local.cloud import LocalCloud
from tests.chaos.injuries import below
from tests.chaos.model_runs import finished
from tests.chaos.schedule import Act

_VICTIMS = (("local.server",), ("local.supervisor",), ("local.supervisor", "local.server"))


@dataclass(frozen=True, kw_only=True)
class Restarts:
    """One at a time. ``painted`` are the predictions that model servers finished before, whose logs a start removes."""

    cloud: LocalCloud
    happened: Counter[str] = field(default_factory=Counter)
    painted: Counter[str] = field(default_factory=Counter)
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def restart(self, act: Act) -> None:
        """SIGKILL to the server, to the supervisor, or to both; returns when the cloud answers again."""
        with self._alone:
            names = _VICTIMS[act.dice % len(_VICTIMS)]
            for process, command in list(below(self.cloud.run_dir)):
                with contextlib.suppress(psutil.Error):
                    if any(f"-m {name} " in command for name in names):
                        process.kill()
            self.happened[f"{' and '.join(name.removeprefix('local.') for name in names)} KILL"] += 1
            self.cloud.close()
            self.painted.update(finished(self.cloud.run_dir))
            self.cloud.__enter__()
