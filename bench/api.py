"""``make bench-api``: 500 predictions from 50 clients at once through a local stage's HTTP API, and what the API adds to the model server.

Two parts, one after the other on one stage. First the load of ``make bench-load``: nothing may be lost, and nothing painted twice. Then,
with nobody else there, the same small picture in turns through the API (one POST that waits for its end) and straight from the endpoint
(InvokeEndpointAsync, and a look every 20 ms until the answer is written). ``overhead_p50_ms`` is the median of what the first takes longer
than the second just after it, and ``overhead_ratio`` the first's median over the second's. Where the model server paints for seconds, the
milliseconds stay and the ratio goes to 1. Ends with one JSON line; exits with 1 where something was lost, doubled, or refused with anything
but 429 or 503 in a problem's words.

On two cores that other work shared: 500 created and succeeded, none lost, none doubled, in 122 s; the API adds 119 ms to the 87 ms that the
tiny model and its endpoint take, a ratio of 2.4. About 100 of them are its first pause between two looks at what it waits for.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from bench import load
from bench.stage import SMALLEST, call, local_stage, wait
from cli.session import Deployment
from contracts.layout import S3Uri, request_key

TURNS, WARMING = 30, 3
LOOK_SECONDS = 0.02
JSON = "application/json"


def main() -> None:
    """Run, print the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--predictions", type=int, default=500)
    parser.add_argument("--out", type=Path, default=Path("out/bench-api"))
    arguments = parser.parse_args()
    with local_stage(arguments.out) as deployment:
        found = load.run(deployment, arguments.predictions)
        added = overhead(*in_turns(deployment))
    print(json.dumps({"created": found["posts"].get(str(load.GOOD), 0), **found, **added}))
    sys.exit(0 if load.holds(found) else 1)


def in_turns(deployment: Deployment) -> tuple[list[float], list[float]]:
    """Seconds of each turn through the API, and of each straight from the endpoint, without the turns that warm both."""
    through, straight = list[float](), list[float]()
    s3, runtime = deployment.client("s3"), deployment.client("sagemaker-runtime")
    for turn in range(WARMING + TURNS):
        through.append(_timed(partial(_through_the_api, deployment, turn)))
        straight.append(_timed(partial(_from_the_endpoint, deployment.outputs, s3, runtime, turn)))
    return through[WARMING:], straight[WARMING:]


def overhead(through: list[float], straight: list[float]) -> dict[str, float]:
    """What the API adds: milliseconds of the median turn, and by how much it is longer."""
    added = [ours - theirs for ours, theirs in zip(through, straight, strict=True)]
    return {
        "overhead_p50_ms": round(1_000 * statistics.median(added), 1),
        "overhead_ratio": round(statistics.median(through) / statistics.median(straight), 2),
    }


def _timed(work: Callable[[], Any]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def _through_the_api(deployment: Deployment, turn: int) -> None:
    """Ask for a picture and wait for it, as a client does who would rather not poll."""
    reply = call(deployment, "POST", "/v1/predictions", SMALLEST, Prefer="wait", Idempotency_Key=f"turn-{turn}")
    if reply.status != load.GOOD or wait(deployment, reply.body["id"], LOOK_SECONDS) != "succeeded":
        raise RuntimeError(f"turn {turn}: got {reply.status} {reply.body}; allowed: a prediction that succeeds")


def _from_the_endpoint(outputs: dict[str, str], s3: Any, runtime: Any, turn: int) -> None:
    """Ask the endpoint itself, as the API does."""
    request = S3Uri(bucket=outputs["MediaBucketName"], key=request_key(f"turn-{turn}"))
    body = json.dumps(SMALLEST["input"]).encode()
    s3.put_object(Bucket=request.bucket, Key=request.key, Body=body, ContentType=JSON)
    queued = runtime.invoke_endpoint_async(
        EndpointName=outputs["EndpointName"], InputLocation=str(request), InferenceId=f"turn-{turn}", ContentType=JSON
    )
    answer, failure = S3Uri.parse(queued["OutputLocation"]), S3Uri.parse(queued["FailureLocation"])
    while not _is_there(s3, answer):
        if _is_there(s3, failure):
            raise RuntimeError(f"turn {turn}: the endpoint failed; {failure} says why")
        time.sleep(LOOK_SECONDS)


def _is_there(s3: Any, place: S3Uri) -> bool:
    try:
        s3.head_object(Bucket=place.bucket, Key=place.key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return False
    return True


if __name__ == "__main__":
    main()
