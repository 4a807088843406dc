"""Whether the server's memory stays flat over 2,000 requests of all kinds, many brands among them."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.serve.photos import MaskedPhoto
from bench.serve.served import RunningServer
from bench.serve.worlds import ServedWorld

CLIENTS = 32


def measure_memory(
    server: RunningServer, world: ServedWorld, photos: Sequence[MaskedPhoto], count: int
) -> dict[str, Any]:
    """Megabytes after the first tenth, which warms everything, and at the end."""
    styles = ["", *world.brands(world.styles)]

    def body(number: int) -> Mapping[str, Any]:
        fields = {"adapter": styles[number % len(styles)], "num_inference_steps": 1 + number % 3}
        if number % 4 == 0:
            words = {"mode": "text_to_image", "prompt": f"a photo of a skirt, {number}", "seed": number}
            side = world.resolution
            return {**words, **fields, "width": side * (1 + number // 4 % 2), "height": side}
        return photos[number % len(photos)].body(number, **fields)

    bodies = [body(number) for number in range(count)]
    server.ask(bodies[: count // 10], CLIENTS)
    warm = server.spending.megabytes()
    server.ask(bodies[count // 10 :], CLIENTS)
    end = server.spending.megabytes()
    return {
        "memory_requests": count,
        "memory_warm_megabytes": round(warm),
        "memory_end_megabytes": round(end),
        "memory_ratio": round(end / warm, 3),
    }
