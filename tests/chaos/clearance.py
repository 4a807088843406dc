"""Makes versions of a style, paints and trains with it, and deletes it whole, while everything goes wrong."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.discards import CAPE, Discard
from tests.chaos.door import PREDICTIONS, Answer, Door
from tests.chaos.history import PREDICTION, History
from tests.chaos.schedule import Act
from tests.chaos.workload import Workload

_STYLE = f"/v1/styles/{CAPE}"
_DATASET = "robe"
"""Whose pictures its trainings learn from: its own would go with it."""


@dataclass(frozen=True, kw_only=True)
class Clearance:
    """Each act is done in a thread of its own. ``weights`` is an adapter that was put, of which versions are made."""

    door: Door
    history: History
    workload: Workload
    weights: str

    def act(self, act: Act) -> None:
        """Do one thing with the style, which may be there or not."""
        match act.detail["do"]:
            case "bring":
                self.bring(f"c-{act.dice:08x}")
            case "again":
                self._bring_again(act.dice)
            case "paint":
                self.paint(f"c-{act.dice:08x}", self._one_of(act.dice) if act.dice % 3 else 0)
            case "train":
                self._train(act)
            case "promote":
                self.promote(self._one_of(act.dice))
            case "look":
                self.look()
            case _:
                self._delete()

    def bring(self, key: str) -> None:
        """The adapter once more, as a version of its own."""
        body, begun = {"weights": self.weights, "instance_prompt": "a photo of sks cape"}, time.monotonic()
        answer = self.door.insist("POST", f"{_STYLE}/versions", body, key=key)
        if answer.status == 201:
            self._is_there(number := _number(answer), begun, "came again")
            self.history.discards.bring(key, number, begun)

    def _bring_again(self, dice: int) -> None:
        """The request that has made a version, which may have gone, comes once more."""
        if keys := self.history.discards.keys():
            self.bring(keys[dice % len(keys)])

    def paint(self, key: str, number: int) -> None:
        """A prediction with one of its versions, 0: with the style, which goes on when that is deleted."""
        style, begun = f"{CAPE}@{number}" if number else CAPE, time.monotonic()
        words = {"prompt": f"a red cape {key}", "num_inference_steps": 1, "mode": "text_to_image"}
        body = {"version": style, "input": {**words, "width": 64, "height": 64}}
        if self.door.post(PREDICTION, PREDICTIONS, body, key=key) and number:
            self._is_there(number, begun, "was painted with")

    def _train(self, act: Act) -> None:
        words = {"task": "text-to-image", "method": "lora", "approval": "auto", "deploy": "none"}
        detail = {"style": CAPE, "dataset": _DATASET, "then": "", "wait": 0, "told": "", "events": (), **words}
        self.workload.train(Act(at=act.at, kind="train", dice=act.dice, detail=detail))

    def promote(self, number: int) -> None:
        """Let the style mean a version, 0: none."""
        begun = time.monotonic()
        if number and self.door.call("POST", f"{_STYLE}/versions/{number}/promote").status == 200:
            self._is_there(number, begun, "was promoted")

    def look(self) -> None:
        """What versions are shown."""
        begun = time.monotonic()
        answer = self.door.insist("GET", _STYLE)
        for each in _listed(answer):
            self._is_there(int(each["number"]), begun, "is shown")

    def _delete(self) -> None:
        """One try: each may be done though nobody hears of it, and whenever its function comes to it."""
        numbers, begun = self.history.discards.known(), time.monotonic()
        answer = self.door.call("DELETE", _STYLE)
        if answer.status == 204:
            self.history.discards.discard(Discard(begun=begun, ended=answer.ended, numbers=numbers, sure=True))
        elif not answer.status or answer.status >= 500:
            self.history.discards.discard(Discard(begun=begun, ended=float("inf"), numbers=numbers, sure=False))

    def _one_of(self, dice: int) -> int:
        """A version that there is or was, 0 before the first."""
        known = sorted(self.history.discards.known())
        return known[dice % len(known)] if known else 0

    def _is_there(self, number: int, begun: float, what: str) -> None:
        """A request that began then could do something with the version."""
        if number in self.history.discards.gone(begun):
            self.history.miss(f"{CAPE}@{number} was deleted with its style and {what} afterwards")


def _number(answer: Answer) -> int:
    return int(str(answer.body["version"]).partition("@")[2])


def _listed(answer: Answer) -> list[Mapping[str, Any]]:
    return list(answer.body["versions"]) if answer.status == 200 else []
