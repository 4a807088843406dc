"""The local stage as many clients at once meet it: one call with a connection of its own, and what its processes take."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from cli.progress import Progress
from cli.session import Deployment, deployed

SMALLEST: Mapping[str, Any] = {
    "input": {
        "mode": "text_to_image", "prompt": "a red skirt", "width": 64, "height": 64, "num_inference_steps": 1, "num_outputs": 1,
    }
}  # fmt: skip
"""The cheapest picture that the tiny base model paints from words."""

ENDED = ("succeeded", "failed", "canceled")
LOST = "lost"
PATIENCE_SECONDS = 1_200.0
"""After which a prediction that has not ended counts as lost: 500 take some 200 on two cores."""

LONGEST_SECONDS = 60.0
"""After which a call counts as one that hangs; API Gateway itself gives up after 29 seconds."""

HUNG = 0


@dataclass(frozen=True, kw_only=True)
class Reply:
    """``status`` is HUNG where none came. ``problem`` is whether it is one as RFC 9457 wants it, ``again`` its Retry-After in seconds."""

    status: int
    body: Any
    problem: bool
    again: float
    seconds: float


@contextmanager
def local_stage(out: Path) -> Iterator[Deployment]:
    """A fresh local stage below ``out``."""
    with deployed(out.resolve(), Progress()) as deployment:
        yield deployment


def call(deployment: Deployment, method: str, path: str, body: Any = None, **headers: str) -> Reply:
    """One request; ``Idempotency_Key`` and the like become headers."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    data = None if body is None else json.dumps(body).encode()
    api = deployment.api
    return exchange(api.url, method, path, {"x-api-key": api.key, "Content-Type": "application/json", **names}, data)


def exchange(url: str, method: str, path: str, headers: Mapping[str, str], data: bytes | None) -> Reply:
    """Send bytes as they are, over a connection of their own."""
    parts, start = urlsplit(url), time.monotonic()
    connection = http.client.HTTPConnection(parts.netloc, timeout=LONGEST_SECONDS)
    try:
        connection.request(method, f"{parts.path}{path}", body=data, headers=dict(headers))
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException):
        return Reply(status=HUNG, body=None, problem=False, again=1.0, seconds=time.monotonic() - start)
    finally:
        connection.close()
    kind = answer.headers.get("Content-Type", "")
    return Reply(
        status=answer.status,
        body=_json(content),
        problem=kind == "application/problem+json",
        again=float(answer.headers.get("Retry-After", 1)),
        seconds=time.monotonic() - start,
    )


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def wait(deployment: Deployment, prediction: str, pause: float) -> str:
    """How a prediction ended, asked for every ``pause`` seconds; LOST where it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        reply = call(deployment, "GET", f"/v1/predictions/{prediction}")
        if reply.status == 200 and reply.body["status"] in ENDED:
            return str(reply.body["status"])
        time.sleep(max(pause, reply.again if reply.status != 200 else 0))
    return LOST


def work_done(deployment: Deployment) -> int:
    """How many answers the model server has written."""
    pages = deployment.client("s3").get_paginator("list_objects_v2")
    bucket = deployment.outputs["MediaBucketName"]
    return sum(page["KeyCount"] for page in pages.paginate(Bucket=bucket, Prefix="responses/"))


def processes(run_dir: Path) -> dict[str, list[psutil.Process]]:
    """The local cloud's processes by what they are: its server, model servers, the workers of functions."""
    server = psutil.Process(json.loads((run_dir / "server.json").read_text(encoding="utf-8"))["pid"])
    found: dict[str, list[psutil.Process]] = {"server": [server], "model_server": [], "workers": []}
    for child in server.children(recursive=True):
        try:
            words = " ".join(child.cmdline())
        except psutil.Error:
            continue
        if "_worker.py" in words:
            found["workers"].append(child)
        elif "atelier_inference" in words:
            found["model_server"].append(child)
    return found
