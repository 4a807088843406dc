"""What it costs that pictures say where they come from: the same server without a mark and a signature, and with both, A B A B."""

import base64
from collections.abc import Sequence

from bench.serve.keys import picture_keys
from bench.serve.photos import MaskedPhoto
from bench.serve.served import RunningServer, ServedLoad, running
from bench.serve.worlds import ServedWorld

CLIENTS = 8
_LABEL = b"c2pa"
"""What a manifest's box is called in a file."""


def measure_marked(
    world: ServedWorld, objects: str, photos: Sequence[MaskedPhoto], rounds: int, passes: int
) -> dict[str, float]:
    """``marked_ratio``: CPU seconds a picture without, by those with both; 1 costs nothing. Its least of the passes, and the milliseconds.

    Raises RuntimeError where the one signs, or the other does not.
    """
    seeds = iter(range(10**9))

    def ask(server: RunningServer, count: int) -> ServedLoad:
        return server.ask(
            [photos[seed % len(photos)].body(seed) for seed, _ in zip(seeds, range(count), strict=False)], CLIENTS
        )

    root, log = world.model.parent, world.root
    with (
        picture_keys(world.objects) as keys,
        running(root, objects, log / "unmarked.log") as without,
        running(root, objects, log / "marked.log", keys) as marked,
    ):
        for server in (without, marked):
            ask(server, CLIENTS)
        pairs = [(ask(without, CLIENTS * rounds), ask(marked, CLIENTS * rounds)) for _ in range(passes)]
    for load, signed in ((pairs[0][0], False), (pairs[0][1], True)):
        if _is_signed(load) is not signed:
            raise RuntimeError(
                f"a picture of the server that {'signs' if signed else 'signs nothing'} is not as expected"
            )
    return line(pairs)


def line(pairs: Sequence[tuple[ServedLoad, ServedLoad]]) -> dict[str, float]:
    """The numbers of passes without and with."""
    each = [sum(pair[side].cpu_each for pair in pairs) / len(pairs) for side in (0, 1)]
    return {
        "marked_ratio": round(each[0] / each[1], 3),
        "marked_ratio_least": round(min(a.cpu_each / b.cpu_each for a, b in pairs), 3),
        "marked_milliseconds": round(1_000 * (each[1] - each[0]), 1),
    }


def _is_signed(load: ServedLoad) -> bool:
    return _LABEL in base64.b64decode(load.answers[0].body["images"][0])
