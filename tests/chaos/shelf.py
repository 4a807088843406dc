"""A style whose versions people bring, choose and delete while everything goes wrong; no training touches it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atelier_ops.logic.lora.layers import layers_of
from atelier_ops.logic.lora.safetensors import read_header
from tests.chaos.door import Door
from tests.chaos.errands import Errands
from tests.chaos.history import SHELF, Choice, History
from tests.chaos.schedule import Act
from tests.unit.lora_files import diffusers, file_of, random_lora

BEFORE = 2
"""Versions that there are from the beginning."""

_STYLE = f"/v1/styles/{SHELF}"
_UNET = (
    Path(__file__).resolve().parents[2] / "models" / "tiny" / "weights" / "inpaint" / "unet"
) / "diffusion_pytorch_model.safetensors"
_LAYERS = 2


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """``weights`` is an adapter that was put, of which each version is made."""

    door: Door
    history: History
    weights: str

    @classmethod
    def filled(cls, errands: Errands) -> "Shelf":
        """Put an adapter, and bring the first versions, before anything goes wrong."""
        weights = errands.put("s-weights", "shawl.safetensors", "application/octet-stream", adapter())
        shelf = cls(door=errands.door, history=errands.history, weights=weights)
        for number in range(BEFORE):
            shelf.bring(f"s-{number}")
        shelf.choose("promote", 1)
        return shelf

    def act(self, act: Act) -> None:
        """Do one thing with one version that there may be."""
        known = self.history.brought_numbers()
        number = known[act.dice % len(known)]
        match act.detail["do"]:
            case "bring":
                self.bring(f"s-{act.dice:08x}")
            case "delete":
                self._delete(number)
            case "promote" | "rollback" as how:
                self.choose(how, number, key=f"s-{act.dice:08x}")
            case "approve" | "reject" as how:
                self.door.insist("POST", f"{_STYLE}/versions/{number}/{how}", {})
            case _:
                self._look()

    def bring(self, key: str) -> None:
        """The adapter once more, as a version of its own."""
        body = {"weights": self.weights, "instance_prompt": "a photo of sks shawl"}
        answer = self.door.insist("POST", f"{_STYLE}/versions", body, key=key)
        if answer.status == 201:
            self.history.bring(key, int(str(answer.body["version"]).partition("@")[2]))

    def choose(self, how: str, number: int, *, key: str = "") -> None:
        """Let the style's bare name mean a version: this one, or the one before.

        Each try may be done though nobody hears of it, and whenever its function comes to it.
        """
        path = f"{_STYLE}/rollback" if how == "rollback" else f"{_STYLE}/versions/{number}/promote"
        begun = time.monotonic()
        answer = self.door.call("POST", path, {} if how == "rollback" else None, key=key)
        if answer.status == 200:
            meaning = int(str(answer.body["version"]).partition("@")[2])
            self.history.choose(Choice(begun=begun, ended=answer.ended, meaning=meaning, sure=True))
        elif not answer.status or answer.status >= 500:
            unknown = number if how == "promote" else None
            self.history.choose(Choice(begun=begun, ended=float("inf"), meaning=unknown, sure=False))

    def _delete(self, number: int) -> None:
        name = f"{SHELF}@{number}"
        self.history.doom(name)
        if self.door.insist("DELETE", f"{_STYLE}/versions/{number}").status in (204, 404):
            self.history.delete(name)

    def _look(self) -> None:
        """What was deleted before is not shown; what nobody deletes is."""
        gone, there = self._gone(), {n for n in self.history.brought_numbers() if not self._is_doomed(n)}
        answer = self.door.insist("GET", _STYLE)
        if answer.status != 200:
            return
        shown = {int(each["number"]) for each in answer.body["versions"]}
        for number in sorted(gone & shown):
            self.history.miss(f"{SHELF}@{number} was deleted and is shown")
        for number in sorted(n for n in there - shown if not self._is_doomed(n)):
            self.history.miss(f"{SHELF}@{number} was brought and is not shown")

    def _gone(self) -> set[int]:
        return {n for n in self.history.brought_numbers() if f"{SHELF}@{n}" in self.history.deleted}

    def _is_doomed(self, number: int) -> bool:
        return f"{SHELF}@{number}" in self.history.doomed


def adapter() -> bytes:
    """A small LoRA on the base model that the stage serves."""
    header: Any = read_header(_UNET.read_bytes(), "weights")
    return file_of(diffusers(random_lora(layers_of("unet", [header])[:_LAYERS])))
