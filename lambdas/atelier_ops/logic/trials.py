"""The trainings of a search, as somebody who watches it is shown them."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from atelier_ops.gateways.aws import passes
from atelier_ops.gateways.registry import Jobs
from atelier_ops.observability import logger
from contracts.strings import typed

_STATUSES = {"Completed": "succeeded", "Failed": "failed", "Stopping": "processing", "Stopped": "canceled"}
_METRIC = "FinalHyperParameterTuningJobObjectiveMetric"


def shown_trials(job: Mapping[str, Any], jobs: Jobs) -> list[dict[str, Any]]:
    """Those that a planned tuning job has begun; none where SageMaker does not answer now, for none of this is worth an error."""
    try:
        found = jobs.trials(str(job["name"]))
    except (ClientError, BotoCoreError) as error:
        if not passes(error):
            raise
        logger.warning("the trainings of a search cannot be read now", exc_info=True)
        return []
    best = max((each for each in found if _score(each) is not None), key=lambda each: _score(each) or 0.0, default=None)
    return [
        {
            "number": number,
            "status": _STATUSES.get(each["TrainingJobStatus"], "processing"),
            "hyperparameters": {name: typed(value) for name, value in sorted(each["TunedHyperParameters"].items())},
            "score": _score(each),
            "best": each is best,
            "error": each.get("FailureReason"),
        }
        for number, each in enumerate(found, start=1)
    ]


def ended(trials: Sequence[Mapping[str, Any]]) -> int:
    """How many of them have ended."""
    return sum(each["status"] != "processing" for each in trials)


def _score(trial: Mapping[str, Any]) -> float | None:
    """What a training that ended well has printed of the metric that is searched for."""
    value = trial.get(_METRIC, {}).get("Value")
    return None if value is None or trial["TrainingJobStatus"] != "Completed" else round(float(value), 6)
