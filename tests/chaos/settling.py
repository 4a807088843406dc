"""Lets a run come to rest: no more faults, every schedule's turn come, and time gone by for what waits for it."""

import json
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.chaos.catalogues import Catalogues
from tests.chaos.door import PREDICTIONS, TRAININGS
from tests.chaos.gathering import webhooks
from tests.chaos.history import PREDICTION, TRAINING, History
from tests.chaos.messages import LASTING, Manner, missing
from tests.chaos.pictures import Pictures
from tests.chaos.receivers import Receivers
from tests.chaos.telling import UNDELIVERED
from tests.chaos.workload import Workload
from tests.e2e.studio import Studio

LATER = 400.0
"""Seconds that clocks are put ahead: late enough for whoever looks for lost answers (60) and lost events (300)."""

MUCH_LATER = 7 * 3600.0
"""Later than any answer may come: a prediction that ends only now was lost. Later, too, than a message waits between two tries (7200)."""

DAYS_LATER = (26 * 3600.0, 28 * 3600.0, 54 * 3600.0)
"""A message is tried for a day, then the next one of the same thing for another, from its own first try."""

_LOOKERS = 4
_PAUSE_SECONDS = 2.0
_SWEEP_SECONDS = 10.0
_REST_SECONDS = 8.0
_TELLING_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Settling:
    """One run's way to rest."""

    studio: Studio
    workload: Workload
    pictures: Pictures
    catalogues: Catalogues
    history: History
    receivers: Receivers

    def settle(self, seconds: float) -> None:
        """Look at everything until it has ended, at most so long; then once more, long after the last answer could have come."""
        self.receivers.mend()
        self._ask_again()
        begun = time.monotonic()
        self._until(lambda: self._idle() or time.monotonic() - begun > _REST_SECONDS, seconds)
        clock = self.studio.deployment.cloud.faults.set_clock
        clock(LATER, signing=False)
        well_told = partial(self._told, (Manner.WELL,))
        self._until(lambda: self._idle() and well_told(), max(1.0, seconds - (time.monotonic() - begun)))
        if not self.history.open(TRAINING):
            self.receivers.late = True
            clock(MUCH_LATER, signing=False)
            self._until(self._idle, _REST_SECONDS)
            self._until(partial(self._told, [each for each in Manner if each not in LASTING]), _TELLING_SECONDS)
        for later in DAYS_LATER:
            if not self._is_all_told():
                clock(later, signing=False)
                self._until(self._is_all_told, _TELLING_SECONDS)
        clock(0)
        for kind, path in ((PREDICTION, PREDICTIONS), (TRAINING, TRAININGS)):
            self._look_at(path, [one for one, each in self.history.accepted.items() if each.kind == kind])
        for one in self.history.batch_rows:
            self.catalogues.look(one)

    def sweep(self, *, attended: bool = False) -> None:
        """Call whatever is called on a schedule, as its rule would; ``attended``: and wait for its end."""
        how = "RequestResponse" if attended else "Event"
        events, functions = self.studio.client("events"), self.studio.client("lambda")
        for rule in (rule for rule in events.list_rules()["Rules"] if rule.get("ScheduleExpression")):
            event = {"detail-type": "Scheduled Event", "source": "aws.events", "resources": [rule["Arn"]], "detail": {}}
            for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                try:
                    functions.invoke(FunctionName=target["Arn"], InvocationType=how, Payload=json.dumps(event).encode())
                except (BotoCoreError, ClientError):
                    self.history.count("sweep unanswered")

    def _until(self, over: Any, seconds: float) -> None:
        deadline, swept = time.monotonic() + seconds, 0.0
        while time.monotonic() < deadline:
            if time.monotonic() - swept > _SWEEP_SECONDS:
                # A clock that is put ahead in the middle of one leaves it no time.
                self.sweep(attended=True)
                self.workload.decide(1)
                swept = time.monotonic()
            self._look_at(PREDICTIONS, self.history.open(PREDICTION))
            self._look_at(TRAININGS, self.history.open(TRAINING))
            for one in self.history.open_batches():
                self.catalogues.look(one)
            self.catalogues.go_on()
            for key in self._unpainted():
                self.pictures.ask_again(key)
            if over():
                return
            time.sleep(_PAUSE_SECONDS)

    def _idle(self) -> bool:
        is_open = self.history.open(PREDICTION) or self.history.open(TRAINING) or self.history.open_batches()
        return not (is_open or self.history.unfinished() or self._unpainted())

    def _unpainted(self) -> list[str]:
        """Keys of those who wait for a picture, and have none yet."""
        return [key for key in self.history.asked if not self.history.painted.get(key)]

    def _told(self, manners: Collection[Manner]) -> bool:
        return not missing(self.history, self.receivers.heard(), manners)

    def _is_all_told(self) -> bool:
        return all(each.status != UNDELIVERED for each in webhooks(self.studio))

    def _look_at(self, path: str, ones: list[str]) -> None:
        with ThreadPoolExecutor(_LOOKERS) as lookers:
            for _ in lookers.map(lambda one: self.workload.door.look(path, one), ones):
                pass

    def _ask_again(self) -> None:
        """Clients whose request was never answered send it once more, with its key."""
        for key, (kind, path, body) in dict(self.history.unanswered).items():
            self.workload.door.post(kind, path, body, key=key)
