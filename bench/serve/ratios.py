"""How many times cheaper a picture of the server is than one of a plain pipeline: A B A B, CPU seconds and wall seconds.

The plain pipeline is called in turn, with guidance in all of its steps. ``same_steps``: the server does the same. ``default``: against 20
steps, which was the server's own default before anything was made faster. ``fast``: against diffusers' own 50 steps.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.serve.photos import MaskedPhoto
from bench.serve.plain import PlainLoad, PlainPipeline, plain_pipeline
from bench.serve.served import RunningServer, ServedLoad, running
from bench.serve.worlds import BEFORE, ServedWorld, before

GUIDANCE = BEFORE["guidance_scale"]
FIFTY = 50
FEW = 8
"""Clients at once where nothing else is said in a number's name."""


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How much is measured: pictures of the plain pipeline in a pass, rounds of each client, and steps where both do the same."""

    plain: int
    rounds: int
    steps: int


@dataclass(frozen=True, kw_only=True)
class Compared:
    """The passes of one comparison."""

    plain: Sequence[PlainLoad]
    served: Sequence[ServedLoad]

    def line(self, name: str) -> dict[str, float]:
        """Ratios of the sums, and their spread over the passes."""
        cpu = [a.cpu_each / b.cpu_each for a, b in zip(self.plain, self.served, strict=True)]
        wall = sum(each.wall_each for each in self.plain) / sum(each.wall_each for each in self.served)
        whole = sum(each.cpu_each for each in self.plain) / sum(each.cpu_each for each in self.served)
        return {
            f"ratio_{name}": round(whole, 2),
            f"ratio_{name}_least": round(min(cpu), 2),
            f"ratio_{name}_wall": round(wall, 2),
            f"{name}_cpu_seconds": round(statistics.mean(each.cpu_each for each in self.served), 3),
            f"{name}_wall_seconds": round(statistics.mean(each.wall_each for each in self.served), 3),
        }


def measure_ratios(
    world: ServedWorld, objects: str, photos: Sequence[MaskedPhoto], extent: Extent, passes: int, clients: Sequence[int]
) -> dict[str, Any]:
    """All ratios of a world, and the latencies by default of the last number of ``clients`` at once."""
    found: dict[str, Any] = {}
    with plain_pipeline(world.model) as plain:
        sides = _Sides(plain, photos, world.root, extent, passes)
        with running(before(world), objects, world.root / "before.log") as server:
            same = {"num_inference_steps": extent.steps}
            sides.warm(server, same)
            for many in clients:
                found |= sides.compare(server, extent.steps, same, many).line(_named("same_steps", many))
        with running(world.model.parent, objects, world.root / "now.log") as server:
            sides.warm(server, {})
            for many in clients:
                compared = sides.compare(server, int(BEFORE["num_inference_steps"]), {}, many)
                found |= compared.line(_named("default", many))
            found |= latencies(compared.served)
            found |= sides.compare(server, FIFTY, {}, FEW).line("default_of_50")
            found |= sides.compare(server, FIFTY, {"fast": True}, FEW).line("fast")
    return found


def latencies(loads: Sequence[ServedLoad]) -> dict[str, float]:
    """Seconds within which half, and 99 of 100, of the answers came."""
    waited = sorted(answer.seconds for load in loads for answer in load.answers)
    return {name: round(waited[math.ceil(share * len(waited)) - 1], 2) for name, share in (("p50", 0.5), ("p99", 0.99))}


def _named(name: str, clients: int) -> str:
    return name if clients == FEW else f"{name}_{clients}"


class _Sides:
    """Both sides, with requests that no other of the run has."""

    def __init__(
        self, plain: PlainPipeline, photos: Sequence[MaskedPhoto], out: Path, extent: Extent, passes: int
    ) -> None:
        self._plain = plain
        self._photos = photos
        self._out = out
        self._extent = extent
        self._passes = passes
        self._seed = 0

    def warm(self, server: RunningServer, fields: Mapping[str, Any]) -> None:
        """What each side does only once is done."""
        self._paint(1)
        server.ask(self._bodies(FEW, fields), FEW)

    def compare(self, server: RunningServer, steps: int, fields: Mapping[str, Any], clients: int) -> Compared:
        """A B A B."""
        plain, served = [], []
        for _ in range(self._passes):
            plain.append(self._paint(steps))
            served.append(server.ask(self._bodies(clients * self._extent.rounds, fields), clients))
        return Compared(plain=plain, served=served)

    def _paint(self, steps: int) -> PlainLoad:
        pairs = [(each.photo, each.mask) for each in self._photos[: self._extent.plain]]
        return self._plain.paint(pairs, steps=steps, guidance=GUIDANCE, out=self._out)

    def _bodies(self, count: int, fields: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        self._seed += count
        return [
            self._photos[seed % len(self._photos)].body(seed, **fields)
            for seed in range(self._seed - count, self._seed)
        ]
