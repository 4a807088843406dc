"""A pretraining plan as the first state's handler really makes it, and the variables that states leave behind."""

from typing import Any

from tests.infra.plan import variables
from tests.unit.ops_pretraining import make_pretraining_stage, pretraining_plan_of


def pretraining_plan(lustre: str = "none", **changes: Any) -> dict[str, Any]:
    """The plan of a run on a labelled data set, with ``changes`` of its input."""
    return pretraining_plan_of(make_pretraining_stage(lustre=lustre)[1], **changes)


def pretraining_variables(**changes: Any) -> dict[str, Any]:
    """Every variable of a run that came to its end."""
    package = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-dev--base-drawn/3"
    known = {
        "plan": pretraining_plan(),
        "artifact": "s3://data/runs/pretrain-first/train/job/output/model/",
        "gate": {"passed": True, "failures": [], "metrics": {"denoising_loss": 0.1}, "card": "{}"},
        "package": package,
        "reference": "drawn@3",
        "uri": "s3://model/base/drawn@3/",
    }
    return variables(**{**known, **changes})
