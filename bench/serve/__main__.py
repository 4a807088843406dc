"""``make bench-serve``: the model server against one plain diffusers pipeline that is called in turn, with the same weights.

The tiny family, and a miniature at 256 pixels with 92 million random weights in its denoiser, built once and kept; on a GPU also, where it
is asked for, ``sd15``, which has Stable Diffusion 1.5's shape at 512 pixels. The server is a process
of its own and asked over HTTP; all that it does for a picture is counted, decoding, cutting out, pasting and encoding too. Ratios are of
CPU seconds of the two processes, A B A B; those of the wall are beside them (``_wall``), which say little on a busy machine and are the
ones to read where a GPU paints. Ends with one
JSON line: the tiny family's numbers, and ``miniature``'s. Runs about half an hour on two free cores; ONLY names the parts that are run
(ratios, marked, brands, catalogue, ready, memory), MODELS the models.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from bench.serve.brands import measure_catalogue, measure_mixed, measure_switches
from bench.serve.marked import measure_marked
from bench.serve.memory import measure_memory
from bench.serve.objects import object_server
from bench.serve.photos import draw_photos
from bench.serve.ratios import Extent, measure_ratios
from bench.serve.ready import measure_ready
from bench.serve.served import running
from bench.serve.worlds import ServedWorld, make_world

PARTS = ("ready", "ratios", "marked", "brands", "catalogue", "memory")
EXTENTS = {
    "tiny": Extent(plain=4, rounds=8, steps=8),
    "miniature": Extent(plain=1, rounds=1, steps=2),
    "sd15": Extent(plain=4, rounds=4, steps=20),
}
STYLES = {"tiny": 24, "miniature": 10, "sd15": 12}
SWITCHES = {"tiny": 12, "miniature": 4, "sd15": 6}
DEFAULT = ("tiny", "miniature")
"""The models that are measured where none is named."""


def main() -> None:
    """Run, print the line."""
    parser = argparse.ArgumentParser(prog="python -m bench.serve", description=__doc__)
    parser.add_argument("--models", default=",".join(DEFAULT), help=f"of {','.join(EXTENTS)}")
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--requests", type=int, default=2_000, help="for memory")
    parser.add_argument("--clients", default="8,32", help="at once, for ratios")
    parser.add_argument("--passes", type=int, default=2, help="times A B")
    parser.add_argument("--photos", type=int, help="their side in pixels; twice the model's resolution where left out")
    parser.add_argument("--out", type=Path, default=Path("out/bench-serve"))
    arguments = parser.parse_args()
    found: dict[str, Any] = {}
    for name in arguments.models.split(","):
        world = make_world(name, arguments.out.resolve(), STYLES[name])
        numbers = measure(world, arguments)
        found |= numbers if name == "tiny" else {name: numbers}
    print(json.dumps(found))


def measure(world: ServedWorld, arguments: argparse.Namespace) -> dict[str, Any]:
    """The parts that are asked for, each said as soon as it is known."""
    parts, passes = arguments.only.split(","), arguments.passes
    clients = [int(each) for each in arguments.clients.split(",")]
    photos = draw_photos(world.root / "photos", 20, arguments.photos or 2 * world.resolution)
    found: dict[str, Any] = {}

    def say(numbers: dict[str, Any]) -> None:
        found.update(numbers)
        print(f"{world.name}: {json.dumps(numbers)}", flush=True)

    with object_server(world.objects) as objects:
        if "ready" in parts:
            say(measure_ready(world, objects, passes))
        if "ratios" in parts:
            say(measure_ratios(world, objects, photos, EXTENTS[world.name], passes, clients))
        if "marked" in parts:
            say(measure_marked(world, objects, photos, EXTENTS[world.name].rounds, passes))
        if {"brands", "catalogue", "memory"} & set(parts):
            with running(world.model.parent, objects, world.root / "brands.log") as server:
                if "brands" in parts:
                    say(measure_mixed(server, world, photos, passes))
                    say(measure_switches(server, world, photos, SWITCHES[world.name]))
                if "catalogue" in parts:
                    say(measure_catalogue(server, world, photos))
                if "memory" in parts and world.name == "tiny":
                    say(measure_memory(server, world, photos, arguments.requests))
    return found


if __name__ == "__main__":
    main()
