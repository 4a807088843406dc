"""The faults of a run that are no switch of the local cloud: signals to its processes, a full disk."""

import contextlib
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from local.faults import Fault, Faults
from tests.chaos.schedule import Act

_WORDS = {
    "model server": ("atelier_inference", "serve"),
    "job": ("atelier_training",),
    "function": ("ministack-lambda-",),
}
"""What stands in the command of a kind of process."""

_UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def below(folder: Path) -> Iterator[tuple[psutil.Process, str]]:
    """Every process that this one's local cloud in the folder has started, and its command; the first to start in front."""
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            command = " ".join(child.cmdline())
            if str(folder) in command or str(folder) in " ".join(child.environ().values()):
                yield child, command


@dataclass(frozen=True, kw_only=True)
class Injuries:
    """What hurts the local cloud that runs in a folder. Each injury ends by itself; `heal` ends all."""

    folder: Path
    faults: Faults
    happened: Counter[str] = field(default_factory=Counter)
    """How often which, besides those of the local cloud's switches."""
    switched: Counter[str] = field(default_factory=Counter)
    _over: threading.Event = field(default_factory=threading.Event)

    def injure(self, act: Act) -> None:
        """Do what the act says; returns when its effect is over."""
        injuries: dict[str, Callable[[Act], None]] = {
            "switch": self._switch, "kill": self._kill, "clock": self._clock, "disk": self._disk,
        }  # fmt: skip
        injuries[act.kind](act)

    def heal(self) -> Counter[str]:
        """Switch everything off, let what was stopped go on; says what happened how often."""
        self._over.set()
        left = self.faults.switch_off()
        self.faults.set_clock(0)
        for each, _ in below(self.folder):
            with contextlib.suppress(psutil.Error):
                each.resume()
                each.rlimit(resource.RLIMIT_FSIZE, _UNLIMITED)
        return self.happened + self.switched - Counter({str(fault): times for fault, times in left.items()})

    def _switch(self, act: Act) -> None:
        fault, times = Fault(act.detail["fault"]), act.detail["times"]
        self.faults.switch_on(fault, act.detail["subject"], times=times)
        self.switched[str(fault)] += times

    def _kill(self, act: Act) -> None:
        words = _WORDS[act.detail["process"]]
        victims = [each for each, command in below(self.folder) if all(word in command for word in words)]
        if not victims:
            return
        victim, name = victims[act.dice % len(victims)], act.detail["signal"]
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.send_signal(getattr(signal, f"SIG{name}"))
            self.happened[f"{act.detail['process']} {name}"] += 1
            if name == "STOP":
                self._over.wait(act.detail["seconds"])
                victim.resume()

    def _clock(self, act: Act) -> None:
        self.faults.set_clock(act.detail["ahead"])
        self.happened["clock"] += 1
        self._over.wait(act.detail["seconds"])
        self.faults.set_clock(0)

    def _disk(self, act: Act) -> None:
        """Let no file grow: for whoever writes that is a disk without room, whose error has another number (EFBIG)."""
        victims = [each for each, _ in below(self.folder)]
        self.happened["full disk"] += 1
        limited = [each for each in victims if _limit(each, 0)]
        self._over.wait(act.detail["seconds"])
        # What they have started meanwhile has the limit, too.
        for each in {*limited, *(each for each, _ in below(self.folder))}:
            _limit(each, resource.RLIM_INFINITY)


def _limit(process: psutil.Process, size: int) -> bool:
    """Let the process's files grow up to so many bytes."""
    with contextlib.suppress(psutil.Error):
        process.rlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        return True
    return False


def orphans(place: str, *, seconds: float = 5.0) -> list[str]:
    """Processes that were started for a run's folder and have not ended `seconds` after its local cloud has."""
    deadline = time.monotonic() + seconds
    while (found := [*_belonging(place)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _belonging(place: str) -> Iterator[str]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid != psutil.Process().pid and place in f"{process.cmdline()} {process.environ()}":
                yield f"{process.pid} {' '.join(process.cmdline())[:200]}"
