"""What many brands cost on one server: eight in a batch against one, a switch to a style that is held, and the first use of one."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from bench.serve.photos import MaskedPhoto
from bench.serve.served import RunningServer, ServedLoad
from bench.serve.worlds import ServedWorld

AT_ONCE = 8
CATALOGUE_PHOTOS, CATALOGUE_STYLES = 20, 10
MANY = 32


def measure_mixed(
    server: RunningServer, world: ServedWorld, photos: Sequence[MaskedPhoto], passes: int
) -> dict[str, Any]:
    """CPU seconds of one brand's pictures over those of eight brands that share batches, eight clients each: A B A B."""
    names = world.brands(AT_ONCE)
    one = [photos[number % len(photos)].body(number, adapter=names[0]) for number in range(2 * AT_ONCE)]
    eight = [
        photos[number % len(photos)].body(number, adapter=names[number % AT_ONCE]) for number in range(2 * AT_ONCE)
    ]
    server.ask(eight, AT_ONCE)
    loads: list[tuple[ServedLoad, ServedLoad]] = []
    for _ in range(passes):
        loads.append((server.ask(one, AT_ONCE), server.ask(eight, AT_ONCE)))
    ratio = sum(a.cpu_each for a, _ in loads) / sum(b.cpu_each for _, b in loads)
    wall = sum(a.wall_each for a, _ in loads) / sum(b.wall_each for _, b in loads)
    return {"mixed_adapters": round(ratio, 2), "mixed_adapters_wall": round(wall, 2)}


def measure_switches(
    server: RunningServer, world: ServedWorld, photos: Sequence[MaskedPhoto], times: int
) -> dict[str, Any]:
    """Seconds that a picture takes longer with another style than the last one's, held or never seen; one client, one step.

    The server's CPU seconds, since wall seconds of a busy machine say little; those are beside them.
    """
    first, second, *new = world.brands(2 + times)

    def seconds(name: str, number: int) -> tuple[float, float]:
        before = server.spending.cpu()
        body = photos[0].body(number, adapter=name, num_inference_steps=1)
        return server.one(body).seconds, server.spending.cpu() - before

    for name in (first, second, first, second):
        seconds(name, 0)
    same, other = [], []
    for number in range(times):
        seconds(first, number)
        same.append(seconds(first, number))
        other.append(seconds(second, number))
    fresh = [seconds(name, number) for number, name in enumerate(new)]
    wall, cpu = [statistics.median(each[part] for each in same) for part in (0, 1)]
    found = {}
    for name, group in (("adapter_warm", other), ("adapter_first_extra", fresh)):
        found[f"{name}_seconds"] = round(max(0.0, statistics.median(each[1] for each in group) - cpu), 4)
        found[f"{name}_wall_seconds"] = round(max(0.0, statistics.median(each[0] for each in group) - wall), 4)
    return found


def measure_catalogue(server: RunningServer, world: ServedWorld, photos: Sequence[MaskedPhoto]) -> dict[str, Any]:
    """Pictures a second of 20 photos in 10 styles, from 32 clients at once, over those of single requests, one after another.

    The single requests are a tenth of the catalogue, every photo once, asked before and after.
    """
    styles = world.brands(CATALOGUE_STYLES)
    bodies: list[Mapping[str, Any]] = [
        photo.body(number, adapter=style) for number, photo in enumerate(photos[:CATALOGUE_PHOTOS]) for style in styles
    ]
    singles = bodies[:: CATALOGUE_STYLES + 1]
    server.ask(bodies[:CATALOGUE_STYLES], 1)
    alone = [server.ask(singles, 1)]
    whole = server.ask(bodies, MANY)
    alone.append(server.ask(singles, 1))
    return {
        "catalogue": round(statistics.mean(each.wall_each for each in alone) / whole.wall_each, 2),
        "catalogue_cpu": round(statistics.mean(each.cpu_each for each in alone) / whole.cpu_each, 2),
    }
