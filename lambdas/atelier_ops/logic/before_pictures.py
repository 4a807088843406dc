"""What the base model painted in earlier evaluations of a style comes with the next one's job, which paints what is missing.

It lies in the folders of the style's runs and nowhere else: so it goes with them when they expire, and when somebody in it is forgotten.
"""

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.lent import noted
from contracts.layout import BEFORE, S3Uri, before_key, before_prefix, run_prefix
from contracts.plan import FineTuningPlan


def bring_before_pictures(plan: FineTuningPlan, data: ObjectStore) -> FineTuningPlan:
    """The plan, which says where they are if there are any: SageMaker fails a job whose input is an empty prefix."""
    own, found = before_prefix(plan.execution), dict[str, str]()
    for run in noted(plan.execution, before_key(plan.style), data):
        found |= {_base(each.key): each.key for each in data.listing(run_prefix(run, "evaluate") + f"{BEFORE}/")}
    there = {_base(each.key) for each in data.listing(own)}
    data.copy_each({key: own + name for name, key in found.items() if name not in there})
    any_there = bool(data.listing(own))
    return plan.model_copy(update={"before": str(S3Uri(bucket=data.bucket, key=own)) if any_there else ""})


def _base(key: str) -> str:
    return key.rpartition("/")[2]
