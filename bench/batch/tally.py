"""What became of each row: by the batch's own report, by the model servers' logs, and by what lies in the bucket."""

import json
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from atelier_ops.logic.batches.items import prediction_of
from cli.session import Deployment
from contracts.batches import BatchItem
from tests.chaos.model_runs import finished
from tests.chaos.restarts import Restarts

CLIENT = "default"
_OUTPUTS = "outputs/"
_MASKS = "masks/"


def read_report(batch: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items of a batch's report."""
    with urllib.request.urlopen(batch["report"]["data"], timeout=60) as answer:
        items: list[dict[str, Any]] = json.load(answer)["items"]
    return items


def tally(batch: Mapping[str, Any], count: int, deployment: Deployment, restarts: Restarts) -> dict[str, int]:
    """The numbers of a batch of ``count`` rows.

    ``lost`` are rows without an end, or without the picture that they say they have. ``painted_twice`` are those that a model server
    has finished more than once; not among them is the one more time of an answer that had not come to S3 when its cloud was killed.
    """
    entries = read_report(batch)
    runs = restarts.painted + finished(deployment.cloud.run_dir)
    stored = pictures(deployment)
    ended = Counter(entry["status"] for entry in entries)
    good = [entry for entry in entries if entry["status"] == "succeeded" and entry["prediction"] in stored]
    attempts = {entry["line"]: attempts_of(batch["id"], entry) for entry in entries}
    return {
        "items": count,
        "succeeded": len(good),
        "failed": ended["failed"],
        "lost": count - len({entry["line"] for entry in good}) - ended["failed"],
        "painted_twice": sum(painted_again(each, runs, restarts.cut_off) for each in attempts.values()),
        "answers_cut_off": sum(restarts.cut_off[one] for each in attempts.values() for one in each),
    }


def painted_again(attempts: Sequence[str], runs: Mapping[str, int], cut_off: Mapping[str, int]) -> bool:
    """Whether a row, whose predictions these are, was finished more often than it had to be."""
    return sum(runs.get(one, 0) - cut_off.get(one, 0) for one in attempts) > 1


def attempts_of(batch: str, entry: Mapping[str, Any]) -> list[str]:
    """The predictions that were made for a row, the last included."""
    made = range(1, entry["attempt"] + 1)
    items = (BatchItem(batch=batch, line=entry["line"], attempt=each, row={}, input={}) for each in made)
    return [prediction_of(item, CLIENT) for item in items]


def pictures(deployment: Deployment) -> set[str]:
    """The predictions that have a picture in the bucket."""
    pages = deployment.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=deployment.outputs["MediaBucketName"], Prefix=_OUTPUTS)
    keys = [item["Key"].removeprefix(_OUTPUTS) for page in found for item in page.get("Contents", [])]
    return {key.removeprefix(_MASKS).partition("/")[0] for key in keys}
