"""``make bench-cold``: what a cold import of the API handler costs, against boto3 and one client, in CPU seconds.

Each run is a fresh interpreter that is set up as Lambda's is; the two take turns, so that a busy machine slows both.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping

RUNS = 11
PROGRAMS: Mapping[str, str] = {
    "boto3": "import boto3; boto3.client('s3')",
    "handler": "import atelier_ops.handlers.api",
}
ENVIRONMENT = {"LAMBDA_TASK_ROOT": "/var/task", "AWS_DEFAULT_REGION": "us-east-1"}
"""The first makes Powertools' Tracer load the X-Ray SDK, as it does on AWS."""


def main() -> None:
    """Print one JSON line: the medians and their ratio."""
    for program in PROGRAMS.values():
        _seconds(program)  # writes byte code, which a layer's first start does not have to
    runs: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(RUNS):
        for name, program in PROGRAMS.items():
            runs[name].append(_seconds(program))
    medians = {name: round(statistics.median(taken), 3) for name, taken in runs.items()}
    print(json.dumps({**medians, "ratio": round(medians["handler"] / medians["boto3"], 2), "runs": RUNS}))


def _seconds(program: str) -> float:
    """User and system seconds of an interpreter that runs ``program``."""
    before = _children()
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, **ENVIRONMENT})
    return _children() - before


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
