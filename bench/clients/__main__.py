"""``make clients``: the clients that people bring, unchanged, against a fresh local stage; ends with one JSON line.

``clients`` says how many jobs each has done, ``operations`` and ``requests`` what schemathesis has tried; ``failures`` must be 0, and each
is a line above. Exits with 1 where it is not.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from bench.clients import aws_jobs, dialect_jobs, openai_jobs, replicate_jobs, schema_run, stability_jobs
from bench.clients.jobs import do
from bench.clients.world import furnish
from bench.stage import local_stage

CLIENTS = {
    "replicate": replicate_jobs.JOBS,
    "openai": openai_jobs.JOBS,
    "stability": stability_jobs.JOBS,
    "boto3": {**aws_jobs.JOBS, **dialect_jobs.JOBS},
}
SCHEMA = "schemathesis"


def main() -> None:
    """Run, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*CLIENTS, SCHEMA], help="one client alone")
    parser.add_argument("--seed", type=int, default=13, help="of what schemathesis makes by chance")
    parser.add_argument("--out", type=Path, default=Path("out/clients"))
    arguments = parser.parse_args()
    start = time.monotonic()
    with local_stage(arguments.out) as deployment:
        world = furnish(deployment)
        chosen = [name for name in CLIENTS if arguments.only in (None, name)]
        done = {name: do(CLIENTS[name], world) for name in chosen}
        fuzzed = arguments.only in (None, SCHEMA)
        tried = schema_run.run(world, arguments.out.resolve() / SCHEMA, arguments.seed) if fuzzed else None
    failures = [line for each in done.values() for line in each.failures] + (tried.failures if tried else [])
    for line in failures:
        print(f"✗ {line}")
    found = {
        "clients": {name: each.done for name, each in done.items()},
        "operations": tried.operations if tried else 0,
        "requests": tried.requests if tried else 0,
        "failures": len(failures),
        "seconds": round(time.monotonic() - start),
    }
    print(json.dumps(found))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
