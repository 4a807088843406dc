"""``make bench-soak``: 2,000 predictions in a row against the local stage, four under way at a time, and what its processes take meanwhile.

Ends with one JSON line: memory, open descriptors and folders after the first tenth, which warms everything, and at the end, and their
ratios. What is flat stays near 1. The stage's own data may grow: objects, records and logs of predictions are kept for days.

On two cores that other work shared, 1,000 in a row took 0.4 s each, and the model server stayed at 582 MB and 9 descriptors. The local
cloud's server, measured with a model server that answers at once, went from 212 MB after 630 predictions to 215 MB after 1,260 (5 KB a
prediction: its item and the descriptions of its two objects, which ministack holds in memory) and stayed at 75 descriptors; seven to
nine workers of 69 MB each. The kept folders grew by 33 KB a prediction, of which 2 KB are its record and the rest its answer and picture.
All of 2,000 in a row succeeded.
"""

import argparse
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from bench.stage import SMALLEST, call, local_stage, processes, wait
from cli.session import Deployment

AT_A_TIME = 4
POLL_SECONDS = 1.0
KEPT = ("s3", "state", "logs")
"""Folders that hold the stage's own data."""


def main() -> None:
    """Run, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", type=int, default=2_000)
    parser.add_argument("--out", type=Path, default=Path("out/bench-soak"))
    arguments = parser.parse_args()
    with local_stage(arguments.out) as deployment:
        print(json.dumps(run(deployment, arguments.predictions)))


def run(deployment: Deployment, count: int) -> dict[str, Any]:
    """The numbers."""
    start, warm = time.monotonic(), max(AT_A_TIME, count // 10)
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        ended = Counter(pool.map(lambda number: _predict(deployment, number), range(warm)))
        before = measure(deployment.cloud.run_dir)
        ended += Counter(pool.map(lambda number: _predict(deployment, number), range(warm, count)))
    after = measure(deployment.cloud.run_dir)
    ratios = {name: round(after[name] / before[name], 2) for name in after if before[name]}
    return {
        "predictions": count,
        "ended": dict(ended),
        "seconds_each": round((time.monotonic() - start) / count, 2),
        "warm": before,
        "end": after,
        "ratios": ratios,
    }


def _predict(deployment: Deployment, number: int) -> str:
    while True:
        reply = call(deployment, "POST", "/v1/predictions", SMALLEST, Idempotency_Key=f"soak-{number}")
        if reply.status == 201:
            return wait(deployment, reply.body["id"], POLL_SECONDS)
        time.sleep(reply.again)


def measure(run_dir: Path) -> dict[str, float]:
    """Megabytes, descriptors and processes."""
    found: dict[str, float] = {}
    for kind, members in processes(run_dir).items():
        found[f"{kind}_megabytes"] = round(sum(_megabytes(each) for each in members))
        found[f"{kind}_descriptors"] = sum(each.num_fds() for each in members)
    found["workers"] = len(processes(run_dir)["workers"])
    folders = {folder.name: _folder(folder) for folder in run_dir.iterdir() if folder.is_dir()}
    found["kept_megabytes"] = round(sum(size for name, size in folders.items() if name in KEPT), 1)
    found["other_megabytes"] = round(sum(size for name, size in folders.items() if name not in KEPT), 1)
    found["worker_folders"] = len(list((run_dir / "tmp").iterdir()))
    return found


def _megabytes(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def _folder(folder: Path) -> float:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue  # it went while we looked
    return total / 2**20


if __name__ == "__main__":
    main()
