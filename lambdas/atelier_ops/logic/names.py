"""Deterministic names of what a run makes: a repeated execution asks for the same jobs, so it collides instead of paying twice."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

LONGEST_NAME = 63
"""SageMaker's limit for jobs, models, endpoints and groups."""

_HASH = 8


def bounded(text: str, limit: int = LONGEST_NAME) -> str:
    """``text`` with only letters, digits and inner hyphens, at most ``limit`` characters.

    Where that changes it, a hash of the original ends it, so that different texts keep different names.
    """
    clean = re.sub(r"[^a-zA-Z0-9-]", "-", text).strip("-")
    if clean == text and len(clean) <= limit:
        return clean
    digest = hashlib.sha256(text.encode()).hexdigest()[:_HASH]
    return f"{clean[: limit - _HASH - 1].rstrip('-')}-{digest}".lstrip("-")


def job_name(prefix: str, execution: str, suffix: str) -> str:
    """The job of one step: ``{prefix}-{execution}-{suffix}``."""
    return f"{bounded(f'{prefix}-{execution}', LONGEST_NAME - len(suffix) - 1)}-{suffix}"


def run_jobs(
    jobs: Mapping[str, Mapping[str, str]], prefix: str, run: str, instances: Mapping[str, int] | None = None
) -> dict[str, dict[str, Any]]:
    """The jobs that a state machine will run, as its plan keeps them: what the machine says of each, its name and its number of hosts.

    Keys are the steps' own (``segment``, ``train``); the machine gives each job's ``state``, ``kind`` and ``instance``.
    """
    counts = instances or {}
    return {
        key: {**facts, "name": job_name(prefix, run, key), "instances": counts.get(key, 1)}
        for key, facts in jobs.items()
    }


def package_group(prefix: str, style: str) -> str:
    """The model package group that holds a style's versions."""
    return bounded(f"{prefix}-{style}")


def style_endpoint(prefix: str, style: str) -> str:
    """The dedicated endpoint of a style that was fine-tuned in full."""
    return bounded(f"{prefix}-style-{style}")


def versioned(endpoint: str, version: int) -> str:
    """The model and the endpoint configuration of one version."""
    return bounded(f"{endpoint}-v{version}")
