"""SageMaker's kinds of jobs, and how its API, its ARNs and its events spell each."""

from collections.abc import Mapping
from typing import Literal

JobKind = Literal["processing", "training", "tuning"]

JOB_WORDS: Mapping[str, str] = {
    "processing": "ProcessingJob",
    "training": "TrainingJob",
    "tuning": "HyperParameterTuningJob",
}
"""As in the names of calls and members: ``DescribeTrainingJob``, ``TrainingJobName``."""

JOB_RESOURCES: Mapping[str, str] = {
    "processing": "processing-job",
    "training": "training-job",
    "tuning": "hyper-parameter-tuning-job",
}
"""As in ARNs."""

LONGEST_JOB_NAME: Mapping[str, int] = {"processing": 63, "training": 63, "tuning": 32}
"""Characters of a job's name. The training jobs of a tuning job are named after it."""
