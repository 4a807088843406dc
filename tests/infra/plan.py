"""A plan as docs/architecture.md describes it, and the variables that states leave behind."""

from typing import Any

from atelier_ops.logic.names import run_folders, run_jobs
from contracts.plan import FineTuningPlan
from tests.unit.ops_stage import JOBS

BUCKET = "s3://data-bucket"


def plan(**changes: Any) -> dict[str, Any]:
    """What ``prepare`` returns for an inpainting run, with ``changes``."""
    made = {
        "execution": "first-run",
        "style": "teal",
        "task": "inpaint",
        "target": "a skirt",
        "instance_prompt": "a photo of sks skirt",
        "class_prompt": "a photo of a skirt",
        "method": "lora",
        "deploy": "adapter",
        "approval": "auto",
        "gate": {"garment_share": 0.5},
        "comparison": "not compared: no version of teal is in service",
        "jobs": run_jobs(JOBS, "atelier-dev", "first-run"),
        "dataset": {"uri": f"{BUCKET}/datasets/teal/", "pictures": 12, "sha256": "0" * 64},
        "base": {"reference": "sd2-inpaint@1", "uri": "s3://model-bucket/base/sd2-inpaint@1/"},
        "segmenter": {"uri": "s3://model-bucket/base/clipseg@1/"},
        "captioner": {"uri": "s3://model-bucket/base/blip@1/"},
        "runs": run_folders(JOBS, BUCKET.removeprefix("s3://"), "first-run"),
        "arguments": {name: ["--task", "inpaint", "--target=a skirt"] for name in ("segment", "evaluate")},
        "hyperparameters": {"style": "teal", "max_steps": "800", "learning_rate": "0.0001"},
        "model_package_group": "atelier-dev-teal",
        "published": "styles/teal/",
        "search": {
            "strategy": "Bayesian",
            "trials": 4,
            "parallel": 2,
            "ranges": {"IntegerParameterRanges": [{"Name": "lora_rank", "MinValue": "4", "MaxValue": "16"}]},
            "seed": 0,
        },
    }
    return FineTuningPlan.from_json(made | changes).to_json()


def variables(**changes: Any) -> dict[str, Any]:
    """Every variable of a run that came to its end."""
    package = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-dev-teal/3"
    known = {
        "plan": plan(),
        "artifact": f"{BUCKET}/runs/first-run/train/job/output/model/",
        "trained": 387,
        "best": "atelier-dev-1a2b3c4d-002-5e6f7a8b",
        "found": "3 of 4 trainings of the search could be measured",
        "gate": {"passed": True, "failures": [], "metrics": {"palette_after": 0.58}, "card": "{}"},
        "notes": ["1 file is not used: README.md"],
        "package": package,
        "version": 3,
        "uri": "s3://model-bucket/styles/teal/3/",
        "adapter": "teal@3",
        "left": [],
        "promotion": "promoted: teal means version 3",
        "endpoint": "atelier-dev-style-teal-v3",
        "variant": "AllTraffic",
        "wake": "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:policyName/wake",
        "sleep": "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:policyName/sleep",
        "states": {
            "context": {
                "Execution": {
                    "Id": "arn:aws:states:us-east-1:123456789012:execution:atelier-dev:first-run",
                    "Name": "first-run",
                    "Input": {"style": "teal"},
                    "StartTime": "2026-11-22T14:00:00Z",
                },
                "StateMachine": {"Id": "arn:aws:states:us-east-1:123456789012:stateMachine:atelier-dev"},
                "Task": {"Token": "token"},
            },
        },
    }
    return known | changes
