"""What a run has cost so far, from its jobs' own descriptions and the price table."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from contracts.prices import REGION, estimate


def jobs_cost(jobs: Iterable[Mapping[str, Any]]) -> float | None:
    """Dollars for all jobs; None where one of them ran on a type without a known price."""
    costs = [job_cost(job) for job in jobs]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if len(known) == len(costs) else None


def job_cost(job: Mapping[str, Any]) -> float | None:
    """Dollars for one training or processing job as SageMaker describes it; None where the type has no known price."""
    cluster = job.get("ResourceConfig") or job.get("ProcessingResources", {}).get("ClusterConfig") or {}
    seconds = billed_seconds(job)
    if seconds == 0:
        return 0.0
    return estimate(cluster.get("InstanceType", ""), seconds, count=int(cluster.get("InstanceCount", 1)))


def billed_seconds(job: Mapping[str, Any]) -> float:
    """Seconds each instance is billed. BillableTimeInSeconds already holds the spot discount; 0 where the job never started."""
    if job.get("BillableTimeInSeconds") is not None:
        return float(job["BillableTimeInSeconds"])
    start = job.get("TrainingStartTime") or job.get("ProcessingStartTime")
    end = job.get("TrainingEndTime") or job.get("ProcessingEndTime") or job.get("LastModifiedTime")
    if start is None or end is None:
        return 0.0
    return max(0.0, _seconds(end) - _seconds(start))


def _seconds(moment: Any) -> float:
    """boto3 gives datetimes; a ``.sync`` cause gives milliseconds, seconds or text."""
    if isinstance(moment, datetime):
        return moment.timestamp()
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).timestamp()
    return float(moment) / 1000 if moment > 1e11 else float(moment)


def in_words(cost: float | None) -> str:
    """``cost about $0.01 at prices of us-east-1``."""
    return "cost unknown" if cost is None else f"cost about ${cost:.2f} at prices of {REGION}"
