"""Batches: what a run's clients ask for by the row, stop in the middle, and go on with until each row is painted."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.chaos.door import BATCHES, Door
from tests.chaos.history import BATCH, History
from tests.chaos.receivers import Receivers
from tests.chaos.schedule import Act

_POSTS = 3
_MOST_ROUNDS = 8
"""Rounds of one batch that clients begin."""


@dataclass(frozen=True, kw_only=True)
class Catalogues:
    """Each act is done in a thread of its own and returns when its last request is answered."""

    door: Door
    history: History
    receivers: Receivers

    def ask(self, act: Act) -> None:
        """One batch, and what becomes of it. No two of its rows have the same words, in this batch or another."""
        detail, key = act.detail, f"b-{act.dice:08x}"
        painted = {"mode": "text_to_image", "width": 64, "height": 64, "num_inference_steps": 1}
        body = {
            "input": {**painted, "prompt": "a {words} skirt", "seed": "{seed}"},
            "items": [{"words": f"red {key} {line}", "seed": line} for line in range(1, detail["rows"] + 1)],
            "concurrency": detail["concurrency"],
            "tolerated_failures": 1,
        }
        if detail["told"]:
            # A batch that succeeds may have no picture: then it has no output to tell of.
            body |= {
                "webhook": self.receivers.url(detail["told"], key),
                "webhook_events_filter": ["start", "completed"],
            }
        times = _POSTS if detail["then"] == "repeat" else 1
        with ThreadPoolExecutor(times) as clients:
            made = [*clients.map(lambda _: self.door.post(BATCH, BATCHES, body, key=key), range(times))]
        if made[0] and detail["then"] == "cancel":
            time.sleep(detail["wait"])
            self.door.insist("POST", f"{BATCHES}/{made[0]}/cancel")

    def look(self, one: str) -> None:
        """A GET, which the history remembers where it says something."""
        answer = self.door.call("GET", f"{BATCHES}/{one}")
        if answer.status == 200:
            self.history.see_batch(one, answer.begun, answer.ended, answer.body)
        elif answer.status == 404:
            self.history.miss(f"batch {one} was not found")

    def go_on(self) -> None:
        """Go on with every batch that has ended, and not with all of its rows."""
        for one in self.history.unfinished():
            if self.history.rounds[one] < _MOST_ROUNDS:
                answer = self.door.insist("POST", f"{BATCHES}/{one}/resume", {})
                if answer.status == 201:
                    self.history.see_batch(one, answer.begun, answer.ended, answer.body)
