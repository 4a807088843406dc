"""For how long SageMaker's logs are kept: as long as the stage's own.

An endpoint has a group of its own, which gets a retention. The jobs of a whole account and region share two groups: a retention there would
delete other people's lines, so our streams are deleted one by one.
"""

from collections.abc import Callable

from atelier_ops.gateways.logs import Logs

ENDPOINTS = "/aws/sagemaker/Endpoints/"
JOBS = ("/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs")
DAY = 86_400


def expire(
    logs: Logs, *, prefix: str, endpoint: str, days: int, now: float, goes_on: Callable[[], bool]
) -> dict[str, int]:
    """Set the retention of every group of ours that has another, and delete our jobs' old streams; says how many of each.

    ``prefix`` is the stage's, ``endpoint`` the shared one. Ends early where ``goes_on`` says no.
    """
    groups = {**logs.groups(f"{ENDPOINTS}{prefix}-style-"), **logs.groups(f"{ENDPOINTS}{endpoint}")}
    kept = [group for group, retention in groups.items() if retention != days]
    for group in kept:
        logs.keep(group, days)
    return {"retentions": len(kept), "streams": _delete_old(logs, f"{prefix}-", now - days * DAY, goes_on)}


def _delete_old(logs: Logs, prefix: str, oldest: float, goes_on: Callable[[], bool]) -> int:
    deleted = 0
    for group in JOBS:
        for stream in logs.streams(group, prefix):
            if stream.last >= oldest:
                continue
            if not goes_on():
                return deleted
            logs.delete(group, stream.name)
            deleted += 1
    return deleted
