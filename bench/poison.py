"""``make bench-poison``: pictures made to break a reader, by the thousand, through every door that takes one.

``decode`` is what all others call; ``api`` looks at headers in ``POST /v1/predictions``; ``http`` is the model server's application with
random miniatures; ``segment`` is the Segment job. Prints one JSON line: by door how many were read and refused, crashed it or kept it
busy for too long, and the largest memory so far. What crashed, and where two doors disagree, is listed.
"""

import faulthandler
import json
import logging
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.poison_doors import decode, look, segmenting, serving
from bench.poisoned_pictures import FamilyShare, bombs, poison

PICTURES = 1_200
SLOW_SECONDS = 30.0
"""Of processor time; a door does up to three things with a picture, which may have 64 megapixels."""
HUNG_SECONDS = 900
"""After so long with one picture the process says where it hangs, and ends; a busy machine takes its time."""


@dataclass(kw_only=True)
class PictureDoor:
    """``enter`` puts a file where pictures and masks go, and says whether it was ``read`` or ``refused``; ``share`` says which."""

    enter: Callable[[bytes], str]
    share: FamilyShare
    outcomes: Counter[str] = field(default_factory=Counter)
    peak_mib: int = 0

    def counted(self) -> dict[str, int]:
        """The numbers of the JSON line."""
        return {name: self.outcomes[name] for name in ("read", "refused", "crashed", "hung")} | {
            "peak_mib": self.peak_mib
        }


def swallow(files: Iterable[tuple[str, bytes]], doors: Mapping[str, PictureDoor]) -> dict[str, Any]:
    """Put each file through the doors that it is for: what became of them by door, and all faults."""
    faults: list[str] = []
    for words, data in files:
        ends: dict[str, str] = {}
        for name, door in doors.items():
            if door.share.has(words):
                ends[name] = _enter(door, data, f"{name}: {words}", faults)
        if disagreement := _disagreement(ends):
            faults.append(f"{words}: {disagreement}")
    return {name: door.counted() for name, door in doors.items()} | {"faults": faults}


def _enter(door: PictureDoor, data: bytes, words: str, faults: list[str]) -> str:
    faulthandler.dump_traceback_later(HUNG_SECONDS, exit=True)
    started = time.process_time()
    try:
        end = door.enter(data)
    except Exception as error:  # noqa: BLE001 this is what is looked for
        end = "crashed"
        faults.append(f"{words}: {type(error).__name__}: {error}"[:300])
    finally:
        faulthandler.cancel_dump_traceback_later()
    door.outcomes[end] += 1
    door.outcomes["hung"] += time.process_time() - started > SLOW_SECONDS
    door.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return end


def _disagreement(ends: Mapping[str, str]) -> str:
    """All that decode must be of one mind; the API sees headers only, so what it refuses nobody may read."""
    decoders = {end for name, end in ends.items() if name != "api"}
    late = ends.get("api") == "refused" and "read" in decoders
    return json.dumps(ends) if late or len(decoders) > 1 else ""


def main(seed: int) -> None:
    """Print the line. Exits with 1 where there was a fault."""
    logging.disable(logging.CRITICAL)
    with TemporaryDirectory() as folder, serving(Path(folder) / "server") as ask:
        doors = {
            "decode": PictureDoor(enter=decode, share=FamilyShare(PICTURES)),
            "api": PictureDoor(enter=look, share=FamilyShare(PICTURES)),
            "http": PictureDoor(enter=ask, share=FamilyShare(5)),
            "segment": PictureDoor(enter=segmenting(Path(folder) / "job"), share=FamilyShare(3)),
        }
        outcome = swallow(chain(bombs(), poison(seed, PICTURES)), doors)
    print(json.dumps(outcome))
    sys.exit(bool(outcome["faults"]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
