"""What one training of a search keeps by itself. The checkpoints' folder, with views and class pictures, is that of all of them."""

import os
from pathlib import Path

from atelier_training.engine.checkpoint import FILE
from atelier_training.fine_tune_job import FineTuneJob

JOB_NAME = "TRAINING_JOB_NAME"
"""The environment in which SageMaker tells a container which job it is."""


def checkpoints_of(job: FineTuneJob, folder: Path) -> Path:
    """Where a training keeps its own state: a checkpoint belongs to its settings, in which those of a search differ."""
    return folder / "trials" / os.environ.get(JOB_NAME, job.execution) if job.objective else folder


def forget(job: FineTuneJob, folder: Path) -> None:
    """Empty the checkpoint of a training that has ended, or each later one of the search would be brought it.

    What is removed here stays in S3; what is changed is replaced there.
    """
    kept = checkpoints_of(job, folder) / FILE
    if kept.is_file():
        kept.write_bytes(b"")
