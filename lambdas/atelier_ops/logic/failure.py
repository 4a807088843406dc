"""Saying why a step failed in words a person can act on, out of the many shapes in which Step Functions reports it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier_ops.logic.cost import in_words
from contracts.job_kinds import JOB_WORDS
from contracts.json_text import load

LONGEST_REASON = 2_000
_KIND = re.compile(r"(AlgorithmError|ClientError|InternalServerError|InternalError|CapacityError):\s*")
_NAMED = re.compile(r"(?P<name>[A-Z][A-Za-z0-9]+):\s+(?P<text>.+)", re.DOTALL)
_EXIT = re.compile(r",?\s*exit code:\s*(?P<code>\d+)\s*$")
_SERVICE_CODE = re.compile(r"Error Code: (?P<code>\w+)|An error occurred \((?P<other>\w+)\)")


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The error's own name, its reason, and the job's description where a job failed."""

    error: str
    reason: str
    job: Mapping[str, Any] | None = None


def ending(summary: Mapping[str, Any]) -> str:
    """What ``failure.json`` holds, as a run's last words: ``Step: Error: reason (cost about $0.01 at prices of us-east-1)``."""
    return f"{summary['step']}: {summary['error']}: {summary['reason']} ({in_words(summary['cost'])})"


def read_failure(error: str, cause: str) -> Failure:
    """Understand ``Error`` and ``Cause`` of a caught error."""
    details = _object(cause)
    if details is None:
        return _from_text(error, cause)
    if "errorMessage" in details or "errorType" in details:
        return _from_lambda(error, details)
    if any(f"{word}Name" in details for word in JOB_WORDS.values()):
        return _from_job(error, details)
    return _from_text(error, cause)


def _from_lambda(error: str, details: Mapping[str, Any]) -> Failure:
    """boto3 calls every service error ClientError: the service's own code says more."""
    name, message = str(details.get("errorType") or error), str(details.get("errorMessage") or "no message")
    match = _SERVICE_CODE.search(message) if name == "ClientError" else None
    return _clean(_code(match) if match else name, message)


def _object(cause: str) -> dict[str, Any] | None:
    try:
        value = load(cause)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _from_text(error: str, cause: str) -> Failure:
    if error in {"States.Timeout", "States.HeartbeatTimeout"}:
        return _clean(error, cause or "no answer within the time that the state allows")
    match = _SERVICE_CODE.search(cause)
    code = _code(match) if match else error
    if "ResourceLimitExceeded" in (code, error) or "ResourceLimitExceeded" in error:
        advice = "Ask for more under Service Quotas, Amazon SageMaker, or choose another instance type."
        return _clean("QuotaExceeded", f"{cause} {advice}")
    return _clean(code if error.endswith("SageMakerException") else error, cause or "no cause given")


def _code(match: re.Match[str]) -> str:
    return str(match.group("code") or match.group("other"))


def _from_job(error: str, job: Mapping[str, Any]) -> Failure:
    """The reason is in FailureReason and, for processing, in ExitMessage, which the container wrote itself."""
    status = next((str(job[key]) for key in (f"{word}Status" for word in JOB_WORDS.values()) if job.get(key)), "Failed")
    reason = str(job.get("FailureReason") or "")
    kind = _KIND.match(reason)
    name = kind.group(1) if kind else ("JobStopped" if status == "Stopped" else error)
    message = str(job.get("ExitMessage") or (reason[kind.end() :] if kind else reason))
    own = _NAMED.fullmatch(_EXIT.sub("", message).strip(" ,"))
    if own:
        name, message = own.group("name"), own.group("text")
    code = _EXIT.search(reason)
    failure = _clean(name, _words(message, int(code.group("code")) if code else None, status))
    return Failure(error=failure.error, reason=failure.reason, job=job)


def _words(message: str, code: int | None, status: str) -> str:
    """The job's message; where it has none of its own, how the job ended."""
    text = _EXIT.sub("", message).strip(" ,")
    if text and not text.lower().startswith("see job logs"):
        return text
    if code is None:
        return f"the job is {status} and does not say why; its log has more"
    killed = ": killed, usually because memory ran out" if code == 137 else ""
    return f"the job ended without saying why, exit code {code}{killed}; its log has more"


def _clean(error: str, reason: str) -> Failure:
    return Failure(error=error, reason=" ".join(reason.split())[:LONGEST_REASON])
