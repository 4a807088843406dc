"""``make bench-hostile``: 1,000 requests that no honest client sends, byte for byte to the local stage's API; ends with one JSON line.

``make test`` sends more of them to the handler itself. Exits with 1 where one is answered with 5xx or not at all, or with an error that is
no problem document.
"""

import argparse
import json
import re
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

from bench.stage import HUNG, Reply, exchange, local_stage
from cli.session import Deployment
from tests.unit.hostile_requests import HostileRequest, hostile_requests

LONGEST_LINE = 6_000
"""Characters of a path: a longer first line is refused before there is an API, on AWS by API Gateway's own front."""


def main() -> None:
    """Run, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--out", type=Path, default=Path("out/bench-hostile"))
    arguments = parser.parse_args()
    with local_stage(arguments.out) as deployment:
        statuses, wrong = send(deployment, arguments.requests)
    print(json.dumps({"requests": statuses.total(), "statuses": dict(sorted(statuses.items())), "wrong": wrong}))
    sys.exit(bool(wrong))


def send(deployment: Deployment, count: int, seed: int = 12) -> tuple[Counter[int], list[str]]:
    """How many were answered how, and what was wrong."""
    statuses, wrong = Counter[int](), []
    for request in islice(filter(_fits, hostile_requests(seed)), count):
        reply = exchange(
            deployment.api.url, request.method, request.target, _headers(deployment, request), request.body
        )
        statuses[reply.status] += 1
        if not _is_right(reply, request):
            wrong.append(
                f"{reply.status} {request.method} {request.target[:80]} {dict(request.headers)} {(request.body or b'')[:80]!r}"
            )
    return statuses, wrong


def _is_right(reply: Reply, request: HostileRequest) -> bool:
    """Whether it was answered, by no fault of ours, and refused in the words of its path: a problem, or OpenAI's or Stability's error."""
    of_images = "/v1/images/" in request.target or "/v2beta/" in request.target
    of_openai = of_images or re.search("/v1/models/[^/]+$", request.target)
    refused = reply.problem or bool(
        of_openai and isinstance(reply.body, dict) and {"error", "errors"} & reply.body.keys()
    )
    if reply.status == HUNG or (reply.status >= 500 and not (of_images and reply.status == 503)):
        return False
    return reply.status < 400 or refused or request.method == "HEAD"


def _fits(request: HostileRequest) -> bool:
    return len(request.target) <= LONGEST_LINE


def _headers(deployment: Deployment, request: HostileRequest) -> dict[str, str]:
    return {"x-api-key": deployment.api.key, **request.headers}


if __name__ == "__main__":
    main()
