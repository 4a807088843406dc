"""What is known of a tuning job's trials: their metric, how they ended, and which is best."""

from typing import Any

from local.sagemaker.store import Record

ENDED = ("Completed", "Failed", "Stopped")
METRIC = "FinalHyperParameterTuningJobObjectiveMetric"


def summary(trial: Record, record: Record) -> Record:
    """What is said of a trial."""
    copied = ("CreationTime", "TrainingStartTime", "TrainingEndTime", "TrainingJobStatus", "FailureReason")
    searched = _searched(record["HyperParameterTuningJobConfig"].get("ParameterRanges", {}))
    value = _value(trial, record)
    goal = objective(record)
    metric = {METRIC: {**goal, "Value": value}} if value is not None else {}
    return {
        "TrainingJobName": trial["TrainingJobName"],
        "TrainingJobArn": trial["TrainingJobArn"],
        **{name: trial[name] for name in copied if trial.get(name) is not None},
        "TunedHyperParameters": {name: trial["HyperParameters"][name] for name in searched},
        "ObjectiveStatus": _objective_status(trial, record),
        **metric,
    }


def _searched(ranges: Record) -> list[str]:
    return [one["Name"] for kind in sorted(ranges) for one in ranges[kind]]


def objective(record: Record) -> Record:
    """The metric that decides, and whether more or less of it is better."""
    goal: Record = record["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    return {"Type": goal["Type"], "MetricName": goal["MetricName"]}


def _value(trial: Record, record: Record) -> float | None:
    """What a trial printed last of the metric that decides."""
    wanted = objective(record)["MetricName"]
    found = [each["Value"] for each in trial.get("FinalMetricDataList", []) if each["MetricName"] == wanted]
    return float(found[0]) if found else None


def _objective_status(trial: Record, record: Record) -> str:
    if trial["TrainingJobStatus"] not in ENDED:
        return "Pending"
    return "Succeeded" if _counts(trial, record) else "Failed"


def _counts(trial: Record, record: Record) -> bool:
    return trial["TrainingJobStatus"] == "Completed" and _value(trial, record) is not None


def best(trials: list[Record], record: Record) -> Record | None:
    """The finished trial whose metric is best, of equal ones the first."""
    sign = -1 if objective(record)["Type"] == "Minimize" else 1
    counted = [each for each in trials if _counts(each, record)]
    return max(counted, key=lambda trial: sign * (_value(trial, record) or 0.0), default=None)


def statuses(trials: list[Record]) -> dict[str, int]:
    """How many trials are how far."""

    def count(*statuses: str) -> int:
        return sum(each["TrainingJobStatus"] in statuses for each in trials)

    return {
        "Completed": count("Completed"),
        "InProgress": count("InProgress", "Stopping"),
        "RetryableError": 0,
        "NonRetryableError": count("Failed"),
        "Stopped": count("Stopped"),
    }


def objectives(trials: list[Record], record: Record) -> dict[str, Any]:
    """How many trials could be compared."""
    found = [_objective_status(each, record) for each in trials]
    return {status: found.count(status) for status in ("Succeeded", "Pending", "Failed")}
