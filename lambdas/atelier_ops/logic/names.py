"""Deterministic names of what a run makes: a repeated execution asks for the same jobs, so it collides instead of paying twice."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from contracts.errors import InvalidInputError
from contracts.job_kinds import LONGEST_JOB_NAME
from contracts.layout import S3Uri, checkpoint_prefix, run_prefix

LONGEST_NAME = 63
"""SageMaker's limit for jobs, models, endpoints and groups."""

LONGEST_ARGUMENT = 256
"""Characters SageMaker takes as one container argument of a processing job."""

_HASH = 8

# Both Step Functions and the metadata of a model package take these; SageMaker would refuse others only after the training.
_EXECUTION = re.compile(r"[\w.=+@-]+")


def require_registrable(execution: str) -> None:
    """Raise InvalidInputError for an execution's name that its model package could not carry."""
    if not _EXECUTION.fullmatch(execution):
        raise InvalidInputError("the execution's name", got=execution, allowed="letters, digits and . = + @ - _")


def bounded(text: str, limit: int = LONGEST_NAME) -> str:
    """``text`` with only letters, digits and inner hyphens, at most ``limit`` characters.

    Where that changes it, a hash of the original ends it, so that different texts keep different names.
    """
    clean = re.sub(r"[^a-zA-Z0-9-]", "-", text).strip("-")
    if clean == text and len(clean) <= limit:
        return clean
    digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH]
    return f"{clean[: limit - _HASH - 1].rstrip('-')}-{digest}".lstrip("-")


def run_jobs(
    jobs: Mapping[str, Mapping[str, Any]], prefix: str, run: str, instances: Mapping[str, int] | None = None
) -> dict[str, dict[str, Any]]:
    """The jobs that a state machine will run, as its plan keeps them: what the machine says of each, its name and its number of hosts.

    Keys are the steps' own (``segment``, ``train``); the machine gives each job's ``state``, ``kind`` and ``instance``.
    """
    planned = {}
    for key, facts in jobs.items():
        name = f"{bounded(f'{prefix}-{run}', LONGEST_NAME - len(key) - 1)}-{key}"
        if LONGEST_JOB_NAME[str(facts["kind"])] < LONGEST_NAME:
            name = _hashed(prefix, run, key)
        planned[key] = {**facts, "name": name, "instances": (instances or {}).get(key, 1)}
    return planned


def _hashed(prefix: str, run: str, key: str) -> str:
    """A name for what has no room for the words of run and step."""
    return f"{prefix}-{hashlib.sha256(f'{run} {key}'.encode()).hexdigest()[:_HASH]}"


def is_of_job(stream: str, name: str, kind: str) -> bool:
    """Whether a log's stream is of this job, or of a training job that it made: SageMaker adds a number and a hash to its name."""
    more = r"-\d+-[0-9a-f]+" if kind == "tuning" else ""
    return re.fullmatch(rf"{re.escape(name)}{more}/.*", stream) is not None


def run_name(kind: str, execution: str) -> str:
    """What names a run's folder and jobs. ``kind`` is that of its plan: a pretraining and a fine-tuning execution may have one name."""
    return f"pretrain-{execution}" if kind == "pretraining" else execution


def run_folders(jobs: Iterable[str], bucket: str, run: str) -> dict[str, str]:
    """Where each of these jobs writes, and where training keeps its checkpoints."""
    keys = {**{step: run_prefix(run, step) for step in jobs}, "checkpoints": checkpoint_prefix(run)}
    return {name: str(S3Uri(bucket=bucket, key=key)) for name, key in keys.items()}


def style_endpoint(prefix: str, style: str, version: int) -> str:
    """The dedicated endpoint of a style's version that was fine-tuned in full."""
    return bounded(f"{prefix}-style-{style}-v{version}")


def in_parts(option: str, text: str) -> list[str]:
    """A container's option as often as the text needs, since one argument holds no more."""
    most = LONGEST_ARGUMENT - len(option)
    return [option + text[start : start + most] for start in range(0, len(text), most)]
