"""What a person can change so that a job needs less memory, the mildest first: settings that are not so already, and the machine."""

from atelier_training.fine_tune_job import FineTuneJob
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from contracts.training_changes import smaller

VOLUMES = {"shard": "pretraining.volume_gib", "pretrain": "pretraining.volume_gib"}
"""The stage's setting of a step's disk, where it is not that of fine-tuning's jobs."""
FINE_TUNING_VOLUME = "jobs.volume_gib"

_MACHINES = {"shard": "pretraining.shard_instance", "pretrain": "pretraining.train_instance"}


def of_step(step: str) -> list[str]:
    """Of a step without settings of its own: the stage's machine."""
    return [f"a larger {_MACHINES.get(step, 'jobs.processing_instance')}"]


def of_fine_tuning(job: FineTuneJob) -> list[str]:
    """Of a fine-tuning: what leaves the result as it is comes first."""
    return [*(change.words for change in smaller(job.method, job.tuning)), "a larger jobs.training_instance"]


def of_pretraining(tuned: PretrainHyperparameters) -> list[str]:
    """Of a pretraining."""
    changes = ["sharding fsdp"] if tuned.sharding == "ddp" and tuned.optimizer != "muon" else []
    if tuned.batch > 1:
        changes.append("a smaller batch")
    return [*changes, *of_step("pretrain")]
