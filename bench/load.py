"""``make bench-load``: what 50 clients at once meet who all come to a cold local stage; PREDICTIONS=500 in all.

Each posts its share, one after the other, and obeys Retry-After; then it waits for each. Ends with one JSON line. Nothing but 201, 429
and 503 may have been answered to a POST, each refusal as a problem document; ``lost`` and ``doubled`` must be 0. Exits with 1 where that
does not hold. Seconds are information: they are this machine's.

On two cores that other work shared: 500 × 201 and 50 × 503, 500 succeeded, none lost, none doubled, at most 26 workers; a POST took 5 s
(median) and 17 s (95 %), all together 122 s.
"""

import argparse
import json
import statistics
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.stage import LOST, SMALLEST, Reply, call, local_stage, processes, wait, work_done
from cli.session import Deployment

CLIENTS = 50
POLL_SECONDS = 5.0
GOOD, BUSY = 201, (429, 503)


def main() -> None:
    """Run, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", type=int, default=500)
    parser.add_argument("--out", type=Path, default=Path("out/bench-load"))
    arguments = parser.parse_args()
    with local_stage(arguments.out) as deployment:
        found = run(deployment, arguments.predictions)
    print(json.dumps(found))
    sys.exit(0 if holds(found) else 1)


def holds(found: dict[str, Any]) -> bool:
    """Whether every POST was answered as it may be, and every prediction ended once."""
    answered = set(found["posts"]) <= {str(status) for status in (GOOD, *BUSY)}
    return answered and not (found["lost"] or found["doubled"] or found["refused_without_problem"])


def run(deployment: Deployment, count: int) -> dict[str, Any]:
    """The numbers."""
    replies: list[Reply] = []
    ended: Counter[str] = Counter()
    start, most = time.monotonic(), _Most(deployment)

    def client(number: int) -> None:
        ids = [_post(deployment, f"load-{each}", replies) for each in range(number, count, CLIENTS)]
        ended.update(wait(deployment, prediction, POLL_SECONDS) for prediction in ids)

    with most, ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))
    waited = sorted(reply.seconds for reply in replies)
    refused = [reply for reply in replies if reply.status != GOOD]
    return {
        "predictions": count,
        "posts": dict(Counter(str(reply.status) for reply in replies)),
        "refused_without_problem": sum(not reply.problem for reply in refused),
        "ended": dict(ended),
        "lost": count - ended.total() + ended[LOST],
        "doubled": max(0, work_done(deployment) - ended["succeeded"]),
        "post_p50_seconds": round(statistics.median(waited), 2),
        "post_p95_seconds": round(waited[int(len(waited) * 0.95)], 2),
        "most_workers": most.workers,
        "seconds": round(time.monotonic() - start),
    }


def _post(deployment: Deployment, key: str, replies: list[Reply]) -> str:
    """Post until it is accepted; the prediction's id."""
    while True:
        reply = call(deployment, "POST", "/v1/predictions", SMALLEST, Idempotency_Key=key)
        replies.append(reply)
        if reply.status == GOOD:
            return str(reply.body["id"])
        time.sleep(reply.again)


class _Most:
    """The most workers that were seen at a time."""

    def __init__(self, deployment: Deployment) -> None:
        self.workers = 0
        self._run_dir, self._ended = deployment.cloud.run_dir, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(1):
            self.workers = max(self.workers, len(processes(self._run_dir)["workers"]))


if __name__ == "__main__":
    main()
