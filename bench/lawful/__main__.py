"""Run the measures, print one JSON line last; exits with 1 where one misses its bound."""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from bench.lawful import manifest, mark, skin, words
from bench.lawful.score import CountedShare, told
from bench.tiny_server import tiny_modes

Measure = Callable[[argparse.Namespace], tuple[list[CountedShare], Mapping[str, Any]]]

MEASURES: Mapping[str, Measure] = {
    "mark": lambda chosen: mark.measure(chosen.pictures, chosen.unmarked, chosen.seed),
    "manifest": lambda chosen: (_manifests(chosen.pictures), {}),
    "words": lambda _: (_words(), {}),
    "skin": lambda chosen: ([], _skin(chosen.cases)),
}
"""Each gives shares, with what they are held to, and other numbers."""


def _manifests(pictures: int) -> list[CountedShare]:
    found = manifest.measure(pictures)
    return [CountedShare(name=name, hits=hits, n=n, least=1.0) for name, (hits, n) in found.items()]


def _words() -> list[CountedShare]:
    tried, asked = words.attempts(), words.ordinary()
    through = sum(not each.is_refused for each in tried)
    refused = sum(each.is_refused for each in asked)
    return [
        CountedShare(name="attempts_through", hits=through, n=len(tried), most=0.0),
        CountedShare(name="false_refusals", hits=refused, n=len(asked), most=0.01),
    ]


def _skin(cases: int) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return skin.measure(tiny_modes(Path(folder)), cases)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=500, help="repainted ones")
    parser.add_argument("--unmarked", type=int, default=5_000, help="pictures without a mark")
    parser.add_argument("--cases", type=int, default=240, help="of skin, of each sort")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=MEASURES, default=list(MEASURES))
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    shares: list[CountedShare] = []
    numbers: dict[str, Any] = {}
    for name in chosen.only:
        own, others = MEASURES[name](chosen)
        shares += own
        numbers |= others
    last = told(shares, numbers)
    print(json.dumps(last))
    sys.exit(1 if last["missed"] else 0)


if __name__ == "__main__":
    main()
