"""Does a run's acts when their time has come, looks at what was accepted all the while, and lets everything settle."""

import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from botocore.exceptions import BotoCoreError

from tests.chaos.catalogues import Catalogues
from tests.chaos.clearance import Clearance
from tests.chaos.door import PREDICTIONS, TRAININGS, WEBHOOK_SECRET, Door
from tests.chaos.errands import Errands
from tests.chaos.evidence import Evidence
from tests.chaos.gathering import failures, gather
from tests.chaos.history import PREDICTION, TRAINING, History
from tests.chaos.injuries import Injuries
from tests.chaos.pictures import Pictures
from tests.chaos.receivers import receiving
from tests.chaos.restarts import Restarts
from tests.chaos.schedule import Act
from tests.chaos.settling import Settling
from tests.chaos.shelf import Shelf
from tests.chaos.workload import Workload
from tests.e2e.studio import Studio

_CLIENTS = 24
_INJURERS = 8
_WORK = ("predict", "train", "sweep", "list", "upload", "picture", "shelf", "batch", "clearance", "knock")
_LOOK_PAUSE_SECONDS = 0.3


@dataclass(kw_only=True)
class Outcome:
    """What was seen, what is left, what happened. ``mistakes`` are those of the run itself, which proves nothing then."""

    history: History
    evidence: Evidence
    faults: Counter[str]
    failures: dict[str, int]
    mistakes: list[str]

    def outlived(self, processes: list[str]) -> None:
        """Note processes that outlived the local cloud."""
        self.evidence = replace(self.evidence, orphans=tuple(processes))


@dataclass(frozen=True, kw_only=True)
class Driver:
    """One run under way."""

    studio: Studio
    history: History
    workload: Workload
    errands: Errands
    pictures: Pictures
    shelf: Shelf
    clearance: Clearance
    catalogues: Catalogues
    injuries: Injuries
    settling: Settling
    restarts: Restarts
    mistakes: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self, acts: list[Act]) -> None:
        """Do every act at its time; returns when all have been done."""
        begun = time.monotonic()
        with ThreadPoolExecutor(_CLIENTS) as clients, ThreadPoolExecutor(_INJURERS) as injurers:
            observer = threading.Thread(target=self._observe, daemon=True)
            observer.start()
            for act in acts:
                time.sleep(max(0.0, act.at - (time.monotonic() - begun)))
                pool = clients if act.kind in _WORK else injurers
                pool.submit(self._safely, self._doing(act), act)
        self._over.set()
        observer.join()

    def _doing(self, act: Act) -> Callable[[Act], None]:
        known = {
            "predict": self.workload.predict,
            "train": self.workload.train,
            "sweep": self._sweep,
            "list": self.errands.read_list,
            "upload": self.errands.keep_file,
            "knock": self.errands.knock,
            "picture": self.pictures.ask,
            "shelf": self.shelf.act,
            "clearance": self.clearance.act,
            "batch": self.catalogues.ask,
            "restart": self.restarts.restart,
        }
        return known.get(act.kind, self.injuries.injure)

    def _sweep(self, act: Act) -> None:
        """Let schedules have their turn, a person decide about what waits, and somebody take up a training that failed."""
        self.settling.sweep()
        self.workload.decide(act.dice)
        self.catalogues.go_on()
        failed = self.history.ended(TRAINING, "failed") + self.history.ended(TRAINING, "canceled")
        if failed:
            self.workload.resume(failed[act.dice % len(failed)])

    def _safely(self, do: Callable[[Act], None], act: Act) -> None:
        try:
            do(act)
        except BotoCoreError:
            self.history.count("cut off")  # the tester's own calls fail, too, while the cloud is away
        except Exception:  # noqa: BLE001  the edge of a thread: what was not foreseen is said in the end
            self.mistakes.append(f"{act}\n{traceback.format_exc()}")

    def _observe(self) -> None:
        """Look at one open prediction and one open training after another."""
        turn = 0
        while not self._over.wait(_LOOK_PAUSE_SECONDS):
            turn += 1
            for kind, path in ((PREDICTION, PREDICTIONS), (TRAINING, TRAININGS)):
                if ones := self.history.open(kind):
                    self.workload.door.look(path, ones[turn % len(ones)])
            if batches := self.history.open_batches():
                self.catalogues.look(batches[turn % len(batches)])


def drive(studio: Studio, acts: list[Act], *, settle_seconds: float) -> Outcome:
    """The whole run, until everything has settled."""
    faults, api, history = studio.deployment.cloud.faults, studio.deployment.api, History()
    faults.set_clock(0)
    faults.set_quotas({})  # as many jobs at a time as come
    door = Door(url=api.url, key=api.key, history=history)
    injuries = Injuries(folder=studio.deployment.cloud.run_dir, faults=faults)
    restarts = Restarts(cloud=studio.deployment.cloud)
    with receiving(door.call("GET", WEBHOOK_SECRET).body["key"]) as receivers:
        workload = Workload.prepared(studio, door, receivers)
        errands = Errands(door=door, history=history)
        catalogues = Catalogues(door=door, history=history, receivers=receivers)
        pictures, shelf = Pictures.prepared(door), Shelf.filled(errands)
        settling = Settling(
            studio=studio,
            workload=workload,
            pictures=pictures,
            catalogues=catalogues,
            history=history,
            receivers=receivers,
        )
        driver = Driver(
            studio=studio,
            history=history,
            workload=workload,
            errands=errands,
            pictures=pictures,
            shelf=shelf,
            clearance=Clearance(door=door, history=history, workload=workload, weights=shelf.weights),
            catalogues=catalogues,
            injuries=injuries,
            settling=settling,
            restarts=restarts,
        )
        driver.run(acts)
        happened = injuries.heal() + restarts.happened
        settling.settle(settle_seconds)
    return Outcome(
        history=history,
        evidence=gather(studio, history, restarts, receivers),
        faults=happened,
        failures=failures(history),
        mistakes=driver.mistakes,
    )
