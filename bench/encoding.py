"""``make bench-encoding``: what it saves that a photo is encoded and searched once, however often it is asked.

One photo is asked with 24 prompts of a server that remembers, and of one that has no room to. Ends with one JSON line: what the first took
of the CPU seconds of the second, for finding the mask, for encoding and in all, and whether the pictures are the same bytes. Exits with 1
where they are not, or the photo was encoded or searched more than once. Ratios of encoding are the tiny model's, at 64 pixels; a
published one's encoder does thousands of times the work.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from PIL import ImageOps

from bench.tiny_server import catalogue, paint, request, tiny_modes
from models.tiny.make.palette import COLOURS

REQUESTS = 24


class TimedCall:
    """A call whose CPU seconds and number are kept."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call
        self.seconds = 0.0
        self.calls = 0

    def __call__(self, *values: Any, **named: Any) -> Any:
        """The call."""
        start = time.process_time()
        answer = self._call(*values, **named)
        self.seconds += time.process_time() - start
        self.calls += 1
        return answer


@dataclass(frozen=True, kw_only=True)
class EncodingRun:
    """What the requests came to: seconds, and how often the models themselves were asked."""

    files: Sequence[bytes]
    segment: float
    encode: float
    whole: float
    encodings: int


def main() -> None:
    """Run both, print the line."""
    with tempfile.TemporaryDirectory() as folder:
        remembering = run(Path(folder) / "remembering")
        with patch.multiple("atelier_inference.loading", MOST_ENCODINGS=0, MOST_OUTLINES=0):
            forgetting = run(Path(folder) / "forgetting")
    same = remembering.files == forgetting.files
    ratios = {
        f"{name}_ratio": round(getattr(remembering, name) / getattr(forgetting, name), 3)
        for name in ("segment", "encode", "whole")
    }
    encodings = {"encodings": remembering.encodings, "encodings_without": forgetting.encodings}
    print(json.dumps({"requests": REQUESTS, "same_bytes": same, **encodings, **ratios}))
    sys.exit(0 if same and remembering.encodings == 1 else 1)


def run(out: Path) -> EncodingRun:
    """Ask a fresh server for one photo in many colours."""
    modes = tiny_modes(out)
    autoencoder = modes["style"].dependencies.model.painter.pipeline.vae
    (photo,) = catalogue(modes, 1, seed=3)
    list(paint(modes, [request(photo.image, "a photo of a skirt", 1)]))
    unknown = ImageOps.mirror(photo.image)
    autoencoder.encode = outer = TimedCall(autoencoder.encode)
    autoencoder.encoder.forward = inner = TimedCall(autoencoder.encoder.forward)
    colours = [list(COLOURS)[number % len(COLOURS)] for number in range(REQUESTS)]
    asked = [request(unknown, f"a photo of a {colour} skirt", 7) for colour in colours]
    start = time.process_time()
    answers = list(paint(modes, asked))
    return EncodingRun(
        files=[file for each in answers for file in each.files],
        segment=sum(each.seconds["segment"] for each in answers),
        encode=outer.seconds,
        whole=time.process_time() - start,
        encodings=inner.calls,
    )


if __name__ == "__main__":
    main()
