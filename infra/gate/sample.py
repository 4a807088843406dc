"""A run as it could be: the plan that the first state of each machine leaves, and the other variables of a run that came to its end."""

from collections.abc import Mapping
from typing import Any

from contracts.plan import FineTuningPlan, PretrainingPlan
from infra.gate.machines import Definition

_BUCKET = "s3://data-bucket"
_RUNS = f"{_BUCKET}/runs/first-run"
_FOLDERS = ("segment", "train", "search", "evaluate", "checkpoints", "shard", "training_shards", "held_out")
_EITHER: Mapping[str, Any] = {
    "execution": "first-run",
    "approval": "auto",
    "gate": {"garment_share": 0.5},
    "comparison": "not compared: no version of teal is in service",
    "notes": ["1 file is not used: README.md"],
    "runs": {name: f"{_RUNS}/{name}/" for name in _FOLDERS},
}
_STYLE: dict[str, Any] = {
    "style": "teal",
    "task": "inpaint",
    "target": "a skirt",
    "instance_prompt": "a photo of sks skirt",
    "class_prompt": "a photo of a skirt",
    "method": "full",
    "deploy": "endpoint",
    "dataset": {"uri": f"{_BUCKET}/datasets/teal/", "pictures": 12, "sha256": "0" * 64},
    "base": {"reference": "sd2-inpaint@1", "uri": "s3://model-bucket/base/sd2-inpaint@1/"},
    "segmenter": {"uri": "s3://model-bucket/base/clipseg@1/"},
    "captioner": {"uri": "s3://model-bucket/base/blip@1/"},
    "hyperparameters": {"style": "teal", "max_steps": "800"},
    "published": "styles/teal/",
    "search": {
        "strategy": "Bayesian",
        "trials": 6,
        "parallel": 2,
        "ranges": {"ContinuousParameterRanges": [{"Name": "learning_rate", "MinValue": "1e-05", "MaxValue": "0.001"}]},
        "seed": 0,
    },
}
_BASE: dict[str, Any] = {
    "name": "drawn",
    "model": "unet",
    "isolated": True,
    "dataset": {
        "uri": f"{_BUCKET}/datasets/drawn/",
        "samples": 1000,
        "sha256": "0" * 64,
        "vocabulary": f"{_BUCKET}/datasets/drawn/dataset.json",
        "captions": f"{_BUCKET}/datasets/drawn/captions.jsonl",
        "pictures": f"{_BUCKET}/datasets/drawn/pictures/",
    },
    "base": {"reference": "sd2-base@1", "uri": "s3://model-bucket/base/sd2-base@1/"},
    "hyperparameters": {"max_steps": "1000"},
    "channels": [
        {
            "ChannelName": "train",
            "InputMode": "FastFile",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{_RUNS}/training_shards/"}},
        }
    ],
}


def plan(machine: Definition, contract: type[FineTuningPlan | PretrainingPlan]) -> dict[str, Any]:
    """``$plan`` of a run of this machine. Raises InvalidInputError where the contract has changed and this page has not."""
    prefix = f"atelier-{machine.resource.stage}"
    jobs = machine.states.get("Prepare", {}).get("Arguments", {}).get("Payload", {}).get("jobs", {})
    made = {
        **_EITHER,
        **(_STYLE if contract is FineTuningPlan else _BASE),
        # Each job has values of its own: one that was sent to another job's place is told from its own.
        "jobs": {
            key: job | {"name": f"{prefix}-first-run-{key}", "instances": number}
            for number, (key, job) in enumerate(jobs.items(), start=2)
        },
        "arguments": {key: ["--of", key] for key in jobs},
        "model_package_group": f"{prefix}-teal",
    }
    return contract.from_json({key: value for key, value in made.items() if key in contract.model_fields}).to_json()


def variables(machine: Definition, contract: type[FineTuningPlan | PretrainingPlan]) -> dict[str, Any]:
    """Every variable that a run of this machine may have assigned."""
    made, arn = plan(machine, contract), machine.location.arn
    execution = {
        "Id": arn("states", "execution:atelier:first-run"),
        "Name": "first-run",
        "Input": {"style": "teal"},
        "StartTime": "2026-11-22T14:00:00Z",
    }
    known = {
        "artifact": f"{_RUNS}/train/job/output/model/",
        "trained": 387,
        "best": "atelier-1a2b3c4d-003-5e6f7a8b",
        "found": "6 of 6 trainings of the search could be measured",
        "gate": {"passed": True, "failures": [], "metrics": {"palette_after": 0.58}},
        "notes": ["1 file is not used: README.md"],
        "package": arn("sagemaker", f"model-package/{made['model_package_group']}/3"),
        "version": 3,
        "uri": "s3://model-bucket/styles/teal/3/",
        "adapter": "teal@3",
        "reference": "drawn@3",
        "left": [],
        "promotion": "promoted: teal means version 3",
        "endpoint": f"atelier-{machine.resource.stage}-style-teal-v3",
        "variant": "AllTraffic",
        "wake": arn("autoscaling", "scalingPolicy:1:policyName/wake"),
        "sleep": arn("autoscaling", "scalingPolicy:1:policyName/sleep"),
    }
    itself = {"Id": arn("states", "stateMachine:atelier"), "Name": "atelier"}
    context = {"Execution": execution, "StateMachine": itself, "Task": {"Token": "token"}, "State": {"Name": "State"}}
    states = {"context": context}
    # A run that takes up another one finds in its plan what that one had assigned.
    return {"plan": made | {"known": known}, **known, "states": states}
