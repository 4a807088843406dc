"""CreateTrainingJob and StopTrainingJob."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

from local.errors import validation_error
from local.sagemaker.backend import Backend
from local.sagemaker.images import ImageRegistry
from local.sagemaker.job_files import JobPlan, refuse_unsupported
from local.sagemaker.jobs import JobProcesses
from local.sagemaker.store import Record, Store, now
from local.sagemaker.training_run import TrainingRun

_LOG = logging.getLogger("local.jobs")
KIND = "training-job"
_SECONDS_A_DAY = 86400


class TrainingJobs:
    """CreateTrainingJob and StopTrainingJob; each job runs in its own thread."""

    def __init__(self, backend: Backend, store: Store, images: ImageRegistry) -> None:
        self._backend, self._store, self._images = backend, store, images
        self._running: dict[str, JobProcesses] = {}

    def create(self, request: Record) -> Record:
        """Start a training job; its record. Raises ServiceError for what SageMaker would refuse at once."""
        refuse_unsupported(_limits(request))
        plan = self._plan(request)
        record = {
            **request,
            "TrainingJobArn": self._store.arn(KIND, plan.name),
            "TrainingJobStatus": "InProgress",
            "SecondaryStatusTransitions": [],
            "CreationTime": now(),
            "FinalMetricDataList": [],
        }
        self._backend.role_credentials(plan.role)
        self._store.add(KIND, plan.name, record)
        run = TrainingRun(self._backend, record, plan)
        self._running[plan.name] = run.processes
        threading.Thread(target=self._follow, args=(run,), name=f"training {plan.name}", daemon=True).start()
        return record

    def _follow(self, run: TrainingRun) -> None:
        try:
            run.follow()
        except Exception:  # noqa: BLE001  the edge of the job's thread: a job must end, also by our own mistake
            _LOG.exception("training job %s", run.plan.name)
            run.abandon()
        finally:
            self._running.pop(run.plan.name, None)

    def stop(self, name: str) -> None:
        """StopTrainingJob: SIGTERM, and SIGKILL after 120 s."""
        record = self._store.get(KIND, name)
        if record["TrainingJobStatus"] != "InProgress":
            raise validation_error(
                f"The request was rejected because the training job is in status {record['TrainingJobStatus']}."
            )
        record["TrainingJobStatus"] = "Stopping"
        self._running[Store.name(name)].stop()

    def _plan(self, request: Record) -> JobPlan:
        algorithm, name = request["AlgorithmSpecification"], request["TrainingJobName"]
        image = self._images.resolve(algorithm["TrainingImage"])
        entrypoint = algorithm.get("ContainerEntrypoint")
        arguments = algorithm.get("ContainerArguments", [] if entrypoint else ["train"])
        return JobPlan(
            name=name,
            role=request["RoleArn"],
            group="/aws/sagemaker/TrainingJobs",
            folder=self._backend.run_dir / "jobs" / "training" / name,
            image=image,
            command=image.command(entrypoint, arguments),
            environment={
                "TRAINING_JOB_NAME": name,
                "TRAINING_JOB_ARN": self._store.arn(KIND, name),
                **request.get("Environment", {}),
            },
            hosts=request["ResourceConfig"].get("InstanceCount", 1),
        )


def _limits(request: Record) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    algorithm = request["AlgorithmSpecification"]
    if "TrainingImage" not in algorithm:
        raise validation_error(
            "AlgorithmSpecification.TrainingImage: got nothing; the local cloud allows an image only"
        )
    yield "TrainingInputMode", algorithm["TrainingInputMode"], ("File", "FastFile")
    for channel in request.get("InputDataConfig", []):
        name = f"InputDataConfig.{channel['ChannelName']}"
        source = channel["DataSource"].get("S3DataSource")
        if source is None:
            raise validation_error(f"{name}: got {sorted(channel['DataSource'])}; the local cloud allows S3DataSource")
        yield f"{name}.S3DataType", source["S3DataType"], ("S3Prefix",)
        yield f"{name}.InputMode", channel.get("InputMode"), ("File", "FastFile")
        yield f"{name}.CompressionType", channel.get("CompressionType"), ("None",)
        yield f"{name}.RecordWrapperType", channel.get("RecordWrapperType"), ("None",)
    stopping, spot = request["StoppingCondition"], request.get("EnableManagedSpotTraining", False)
    longest = stopping.setdefault("MaxRuntimeInSeconds", _SECONDS_A_DAY)
    if spot and stopping.get("MaxWaitTimeInSeconds", 0) < longest:
        raise validation_error(
            "MaxWaitTimeInSeconds above MaxRuntimeInSeconds is required for managed spot training: "
            f"got {stopping.get('MaxWaitTimeInSeconds')}; allowed: {longest} or more",
        )
