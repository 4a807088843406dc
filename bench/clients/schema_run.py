"""schemathesis: every check of every operation of docs/openapi.json, with examples, boundaries, chance, and one request after another."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.clients.world import DOOMED, STYLE, ClientStage

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = 10
"""Requests made by chance for each operation; those at the boundaries of its schema are some thousand more in all."""

LONGEST_SECONDS = 1_200


class Found(NamedTuple):
    """How many operations were tried, by how many requests, and what was wrong, a line each."""

    operations: int
    requests: int
    failures: list[str]


def run(world: ClientStage, out: Path, seed: int) -> Found:
    """Let schemathesis loose; its whole report lies in ``out``. The same seed tries the same things."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "schemathesis.toml").write_text(settings(world, out, seed), encoding="utf-8")
    report = out / "events.ndjson"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(out / "schemathesis.toml")),
        *(
            "run",
            str(ROOT / "docs" / "openapi.json"),
            "--url",
            world.url,
            "--checks",
            "all",
            "--workers",
            "2",
            "--no-color",
        ),
        *("--report-ndjson-path", str(report)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "bench.clients.beyond_schema"}
    with (out / "report.txt").open("w", encoding="utf-8") as text:
        ended = subprocess.run(
            command, cwd=out, env=environment, stdout=text, stderr=text, timeout=LONGEST_SECONDS, check=False
        )
    found = read(report)
    if ended.returncode and not found.failures:
        return found._replace(failures=[f"schemathesis ended with {ended.returncode}: {out / 'report.txt'} says why"])
    return found


def read(report: Path) -> Found:
    """What the lines of its report say."""
    operations, requests, failures = set[str](), 0, dict[str, None]()
    for line in report.read_text(encoding="utf-8").splitlines():
        event, said = next(iter(json.loads(line).items()))
        if event == "ScenarioFinished":
            recorder = said["recorder"]
            operations.add(recorder["label"])
            requests += len(recorder.get("interactions", {}))
            failures |= dict.fromkeys(_failures(recorder.get("checks", {})))
        elif event in ("NonFatalError", "FatalError"):
            failures[f"{said.get('label', event)}: {json.dumps(said.get('value', said))[:500]}"] = None
    return Found(len(operations - {_MIXED}), requests, list(failures))


_MIXED = "Stateful tests"
"""What it calls its requests one after another, each of an operation that it has tried by itself."""


def _failures(checks: Mapping[str, Any]) -> Iterator[str]:
    for made in checks.values():
        for check in made:
            if check["status"] != "success":
                failure = check["failure_info"]["failure"]
                message = " ".join(failure["message"].split())
                yield f"{failure['operation']}: {failure['title']}: {message[:300]}"


def settings(world: ClientStage, out: Path, seed: int) -> str:
    """schemathesis.toml: who asks, what names there are, and how much is tried."""
    users = out / "users.json"
    keys = {"first": world.key, "second": world.other_key}
    fixed = [{"name": name, "fixedHeaders": [{"name": "x-api-key", "value": key}]} for name, key in keys.items()]
    users.write_text(json.dumps({"auth": fixed}), encoding="utf-8")
    return f"""
seed = {seed}
continue-on-failure = true
# API Gateway gives up after 29: who asks for pictures as OpenAI's client does is kept for 25.
request-timeout = 30

[generation]
max-examples = {EXAMPLES}
no-shrink = true
database = "none"

# Every request is the first client's; whatever it reads the second one must not.
[auth.wfc]
path = {json.dumps(str(users))}
user = "first"
peers = ["first", "second"]

[dictionaries.styles]
values = ["{STYLE}", "base"]

[dictionaries.bases]
values = ["tiny-inpaint", "tiny-clipseg"]

[dictionaries.doomed]
values = {json.dumps(DOOMED)}

[dictionaries.versions]
values = ["1", "2"]

[dictionaries.references]
values = ["{STYLE}@1", "1", "base"]

[parameters]
"path.style" = {{ dictionary = "styles", probability = 0.7 }}
"path.name" = {{ dictionary = "styles", probability = 0.7 }}
"path.version" = {{ dictionary = "versions", probability = 0.7 }}
"path.reference" = {{ dictionary = "references", probability = 0.7 }}

[[operations]]
include-operation-id = "get_base_model"

[operations.parameters]
"path.name" = {{ dictionary = "bases", probability = 0.7 }}

[[operations]]
include-operation-id = "retrieve_model"

[operations.parameters]
"path.owner" = {{ dictionary = "styles", probability = 0.7 }}

[[operations]]
include-operation-id = ["delete_style", "delete_version"]

[operations.parameters]
"path.style" = {{ dictionary = "doomed", probability = 0.7 }}
"""
