"""Hyperparameter tuning jobs: training jobs with other settings each, a few at once, and the best of them."""

import contextlib
import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from local.errors import INTERNAL_ERROR, ServiceError, validation_error
from local.sagemaker.backend import Backend
from local.sagemaker.capacity import Capacity
from local.sagemaker.jobs import JobService
from local.sagemaker.store import LiveRecord, Record, RecordStore, now
from local.sagemaker.training import TrainingJob
from local.sagemaker.trial_records import ENDED, METRIC, best, objective, objectives, statuses, summary
from local.sagemaker.trial_values import cells, trial_values

KIND = "HyperParameterTuningJob"
OBJECTIVE = "_tuning_objective_metric"
"""SageMaker's own hyperparameter of each trial: the name of the metric that decides."""

_LOG = logging.getLogger("local.tuning")
_LOOK_SECONDS = 0.2
_ORDERS: dict[str, Callable[[Record], Any]] = {
    "Name": lambda each: each["TrainingJobName"],
    "CreationTime": lambda each: each["CreationTime"],
    "Status": lambda each: each["TrainingJobStatus"],
    "FinalObjectiveMetricValue": lambda each: each[METRIC]["Value"],
}
_OF_TRIALS = (
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "CheckpointConfig",
    "VpcConfig",
    "RetryStrategy",
    "Environment",
)
"""Members of a tuning job's definition that its training jobs have as they are."""


class TuningService:
    """The operations on tuning jobs; each is followed by a thread of its own.

    ``check`` raises ServiceError for what the service would refuse of a training job. Which trials there are is known from the training
    jobs that name the tuning job, so a server that starts again goes on with it.
    """

    def __init__(
        self,
        backend: Backend,
        store: RecordStore,
        training: JobService,
        capacity: Capacity,
        check: Callable[[Record], None],
    ) -> None:
        self._backend, self._store, self._training = backend, store, training
        self._capacity, self._check = capacity, check

    def create(self, request: Record) -> Record:
        """Start a tuning job; its record. Raises ServiceError for what SageMaker would refuse at once."""
        name = str(request[f"{KIND}Name"])
        arn = self._store.arn(KIND, name)
        members = {f"{KIND}Arn": arn, f"{KIND}Status": "InProgress", "CreationTime": now(), "LastModifiedTime": now()}
        record = LiveRecord({**request, **members})
        first = trial_request(record, 1, tags=[])
        self._check(first)
        limits = request["HyperParameterTuningJobConfig"]["ResourceLimits"]
        machines = TrainingJob.machines(first)[0]
        with self._capacity.lock:
            self._capacity.require(replace(machines, count=machines.count * limits["MaxParallelTrainingJobs"]))
        self._store.add(KIND, name, record)
        self._follow(record)
        return record

    def resume(self) -> None:
        """Go on with the tuning jobs that the server's end has interrupted."""
        for record in self._store.all(KIND):
            if record[f"{KIND}Status"] in ("InProgress", "Stopping"):
                self._follow(record)

    def describe(self, name: str) -> Record:
        """The job with its trials' counts and the best of them."""
        record = self._store.get(KIND, name)
        trials = self.trials(record)
        chosen = best(trials, record)
        return {
            **record,
            "TrainingJobStatusCounters": statuses(trials),
            "ObjectiveStatusCounters": objectives(trials, record),
            **({"BestTrainingJob": summary(chosen, record)} if chosen else {}),
        }

    def stop(self, name: str) -> None:
        """Stop the trials under way, and begin no other."""
        record = self._store.get(KIND, name)
        if record[f"{KIND}Status"] != "InProgress":
            raise validation_error(
                f"The request was rejected because the hyperparameter tuning job is in status {record[f'{KIND}Status']}."
            )
        record[f"{KIND}Status"] = "Stopping"

    def list_trials(self, params: Record) -> Record:
        """ListTrainingJobsForHyperParameterTuningJob: by name, or as SortBy and SortOrder say, in pages."""
        record = self._store.get(KIND, params[f"{KIND}Name"])
        wanted, by = params.get("StatusEquals"), params.get("SortBy", "Name")
        found = [summary(trial, record) for trial in self.trials(record)]
        found = [each for each in found if wanted in (None, each["TrainingJobStatus"])]
        if by == "FinalObjectiveMetricValue":
            found = [each for each in found if METRIC in each]
        found.sort(key=_ORDERS[by], reverse=params.get("SortOrder") == "Descending")
        first, most = int(params.get("NextToken", "0")), params.get("MaxResults", 10)
        more = {"NextToken": str(first + most)} if len(found) > first + most else {}
        return {"TrainingJobSummaries": found[first : first + most], **more}

    def trials(self, record: Record) -> list[Record]:
        """The training jobs of a tuning job, oldest first."""
        arn = record[f"{KIND}Arn"]
        return [each for each in self._store.all("TrainingJob") if each.get("TuningJobArn") == arn]

    def _follow(self, record: Record) -> None:
        name = f"{KIND} {record[f'{KIND}Name']}"
        threading.Thread(target=self._run, args=(record,), name=name, daemon=True).start()

    def _run(self, record: Record) -> None:
        try:
            status, reason = self._search(record)
        except Exception:  # noqa: BLE001  the edge of the job's thread: a job must end, also by our own mistake
            _LOG.exception("%s %s", KIND, record[f"{KIND}Name"])
            status, reason = "Failed", INTERNAL_ERROR
        record.update({"HyperParameterTuningEndTime": now(), "LastModifiedTime": now()})
        if reason:
            record["FailureReason"] = reason
        record[f"{KIND}Status"] = status
        self._backend.announce("HyperParameter Tuning Job", self.describe(record[f"{KIND}Name"]), record[f"{KIND}Arn"])

    def _search(self, record: Record) -> tuple[str, str]:
        """Begin trials until there are as many as wanted and all have ended; the tuning job's end and, if it failed, why."""
        limits, pause, refused = record["HyperParameterTuningJobConfig"]["ResourceLimits"], threading.Event(), ""
        ranges = record["HyperParameterTuningJobConfig"].get("ParameterRanges", {})
        wanted = limits.get("MaxNumberOfTrainingJobs") or cells(ranges)
        deadline = record["CreationTime"].timestamp() + limits.get("MaxRuntimeInSeconds", float("inf"))
        while True:
            trials = self.trials(record)
            running = [each for each in trials if each["TrainingJobStatus"] not in ENDED]
            over = record[f"{KIND}Status"] == "Stopping" or refused or now().timestamp() > deadline
            if over or len(trials) >= wanted:
                if not running:
                    return self._ended(record, trials, refused)
                if over:
                    self._stop_all(running)
            elif len(running) < limits["MaxParallelTrainingJobs"]:
                try:
                    self._begin(record, len(trials) + 1)
                    continue
                except ServiceError as error:
                    # Somebody else's jobs have taken the instances meanwhile: they end.
                    waits = error.code == "ResourceLimitExceeded"
                    refused = "" if waits else f"{error.code}: {error.message}"
            pause.wait(_LOOK_SECONDS)

    def _ended(self, record: Record, trials: list[Record], refused: str) -> tuple[str, str]:
        if record[f"{KIND}Status"] == "Stopping":
            return "Stopped", ""
        if refused:
            return "Failed", refused
        if not any(each["TrainingJobStatus"] == "Completed" for each in trials):
            return "Failed", "No training job succeeded before the hyperparameter tuning job failed."
        return "Completed", ""

    def _stop_all(self, running: list[Record]) -> None:
        for trial in running:
            with contextlib.suppress(ServiceError):  # it may have ended this moment, or be stopping
                self._training.stop(trial["TrainingJobName"])

    def _begin(self, record: Record, number: int) -> None:
        arn = record[f"{KIND}Arn"]
        # A trial has the tags of its tuning job.
        self._training.create({**trial_request(record, number, tags=self._store.tags(arn)), "TuningJobArn": arn})


def trial_request(record: Record, number: int, *, tags: list[dict[str, str]]) -> Record:
    """The request of trial `number` of a tuning job, counted from 1."""
    name, definition = str(record[f"{KIND}Name"]), record["TrainingJobDefinition"]
    digest = hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:8]
    values = trial_values(record["HyperParameterTuningJobConfig"], number, seed=name)
    own = {OBJECTIVE: objective(record)["MetricName"]}
    return {
        "TrainingJobName": f"{name}-{number:03d}-{digest}",
        "HyperParameters": {**definition.get("StaticHyperParameters", {}), **values, **own},
        "AlgorithmSpecification": dict(definition["AlgorithmSpecification"]),
        **{member: definition[member] for member in _OF_TRIALS if member in definition},
        **({"Tags": tags} if tags else {}),
    }
