"""Class pictures that an earlier run painted by the same words, with the same base model and data set, are not painted again.

They are among that run's checkpoints, and are copied to this one's, from where SageMaker brings them to its training: so they expire with
the run that used them last, and go with the checkpoints of whoever is forgotten. A small list by their name says which runs have some.
"""

from atelier_ops.gateways.storage import ObjectStore, StoredObject
from atelier_ops.logic.bases import read_manifest
from atelier_ops.logic.lent import noted
from contracts.class_pictures import ENDING, pictures_name
from contracts.hyperparameters import Hyperparameters
from contracts.layout import class_pictures_key, class_pictures_prefix
from contracts.plan import FineTuningPlan


def bring_class_pictures(plan: FineTuningPlan, data: ObjectStore, models: ObjectStore) -> int:
    """Copy what there is to the run's checkpoints, and note that the run will have some; how many were copied."""
    known = {name: text for name, text in plan.hyperparameters.items() if name in Hyperparameters.model_fields}
    tuned = Hyperparameters.from_strings(known)
    if not tuned.with_prior_preservation:
        return 0
    name = pictures_name(
        read_manifest(plan.base.reference, models),
        class_prompt=plan.class_prompt,
        seed=tuned.seed,
        dataset_sha256=plan.dataset.sha256,
        task=plan.task,
        target=plan.target,
    )
    own = class_pictures_prefix(plan.execution, name)
    there = {_base(each) for each in _pictures(own, data)}
    found = [
        _pictures(class_pictures_prefix(run, name), data)
        for run in noted(plan.execution, class_pictures_key(name), data)
    ]
    most = max(found, key=len, default=[])[: tuned.num_class_images]
    return data.copy_each({each.key: own + _base(each) for each in most if _base(each) not in there})


def _pictures(prefix: str, data: ObjectStore) -> list[StoredObject]:
    """The finished ones, by their number."""
    return [each for each in data.listing(prefix) if each.key.endswith(ENDING)]


def _base(stored: StoredObject) -> str:
    return stored.key.rpartition("/")[2]
