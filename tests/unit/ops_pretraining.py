"""A stage in memory that can pretrain: mirrored base models, a data set of captioned pictures, the plan of a run on it."""

import json
from typing import Any

from atelier_ops.logic.pretraining import NO_LUSTRE, Dependencies, make_pretraining_plan
from contracts.artifact import to_json
from contracts.layout import MANIFEST
from contracts.pretraining import Instances, StageDefaults
from contracts.release import ReleaseRules
from tests.unit.ops_fakes import PNG, MemoryBuckets
from tests.unit.ops_stage import base_manifest

KEYS = [f"{number:03}" for number in range(60)]
VOCABULARY = {"labels": ["background", "skirt"], "prompts": {"a skirt": [1]}}
JOBS = {
    "shard": {"state": "Shard", "kind": "processing", "instance": "ml.m5.xlarge"},
    "train": {"state": "Train", "kind": "training", "instance": "ml.p4d.24xlarge"},
    "evaluate": {"state": "Evaluate", "kind": "processing", "instance": "ml.m5.xlarge"},
}
"""What the pretraining machine says of its jobs."""
LUSTRE = "fs-0123456789abcdef0:/fsx/atelier"


def make_pretraining_stage(**changes: Any) -> tuple[MemoryBuckets, Dependencies]:
    """Buckets ``data`` and ``model``; data set ``figures`` of sixty labelled pictures."""
    buckets = MemoryBuckets()
    for manifest in (
        base_manifest("tiny", "inpaint", defaults={"guidance_scale": 2.5}),
        base_manifest("clipseg", "segment", family="clipseg"),
    ):
        buckets.put("model", f"base/{manifest.reference}/{MANIFEST}", to_json(manifest).encode())
    put_corpus(buckets)
    values: dict[str, Any] = {
        "data": buckets.store("data"),
        "models": buckets.store("model"),
        "name_prefix": "atelier-test",
        "base_models": ("tiny@v1", "clipseg@v1"),
        "defaults": StageDefaults(instances=Instances(shard=2, train=2), input_mode="FastFile"),
        "lustre": NO_LUSTRE,
        "rules": ReleaseRules(),
    }
    return buckets, Dependencies(**{**values, **changes})


def put_corpus(buckets: MemoryBuckets, name: str = "figures") -> None:
    files = {"dataset.json": json.dumps(VOCABULARY).encode(), "captions.jsonl": b'{"key": "000", "captions": ["x"]}\n'}
    for key in KEYS:
        files |= {f"pictures/{key}.png": PNG, f"labels/{key}.png": PNG}
    for path, body in files.items():
        buckets.put("data", f"datasets/{name}/{path}", body)


def pretraining_plan_of(dependencies: Dependencies, execution: str = "first", **changes: Any) -> dict[str, Any]:
    return make_pretraining_plan(
        {"name": "drawn", "dataset": "figures", **changes}, execution, JOBS, dependencies
    ).to_json()


def put_base_artifact(buckets: MemoryBuckets, run: str = "pretrain-first", **changes: Any) -> str:
    """A trained pipeline in the run's folder and what its evaluation noted; returns the artifact's address."""
    prefix = f"runs/{run}/train/job/output/model/"
    files = {"model_index.json": "1" * 64, "unet/config.json": "2" * 64}
    for name in files:
        buckets.put("data", prefix + name, f"{name} of {run}".encode())
    measured = {
        "files": files,
        "task": "inpaint",
        "family": "sd1",
        "code_version": "test",
        "created_at": "2026-11-22T13:00:00+00:00",
    }
    body = json.dumps({**measured, **changes}).encode()
    buckets.put("data", f"runs/{run}/evaluate/artifact.json", body)
    return f"s3://data/{prefix}"
