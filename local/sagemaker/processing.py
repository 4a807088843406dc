"""CreateProcessingJob and StopProcessingJob."""

import logging
import threading
from collections.abc import Iterator
from typing import Any

from local.errors import validation_error
from local.sagemaker.backend import Backend
from local.sagemaker.images import ImageRegistry
from local.sagemaker.job_files import JobPlan, refuse_unsupported
from local.sagemaker.jobs import JobProcesses
from local.sagemaker.processing_run import ProcessingRun
from local.sagemaker.store import Record, Store, now

_LOG = logging.getLogger("local.jobs")
KIND = "processing-job"


class ProcessingJobs:
    """CreateProcessingJob and StopProcessingJob; each job runs in its own thread."""

    def __init__(self, backend: Backend, store: Store, images: ImageRegistry) -> None:
        self._backend, self._store, self._images = backend, store, images
        self._running: dict[str, JobProcesses] = {}

    def create(self, request: Record) -> Record:
        """Start a processing job; its record. Raises ServiceError for what SageMaker would refuse at once."""
        refuse_unsupported(_limits(request))
        plan = self._plan(request)
        record = {
            **request,
            "ProcessingJobArn": self._store.arn(KIND, plan.name),
            "ProcessingJobStatus": "InProgress",
            "CreationTime": now(),
            "LastModifiedTime": now(),
        }
        self._backend.role_credentials(plan.role)
        self._store.add(KIND, plan.name, record)
        run = ProcessingRun(self._backend, record, plan)
        self._running[plan.name] = run.processes
        threading.Thread(target=self._follow, args=(run,), name=f"processing {plan.name}", daemon=True).start()
        return record

    def _follow(self, run: ProcessingRun) -> None:
        try:
            run.follow()
        except Exception:  # noqa: BLE001  the edge of the job's thread: a job must end, also by our own mistake
            _LOG.exception("processing job %s", run.plan.name)
            run.abandon()
        finally:
            self._running.pop(run.plan.name, None)

    def stop(self, name: str) -> None:
        """StopProcessingJob: SIGTERM, and SIGKILL after 120 s."""
        record = self._store.get(KIND, name)
        if record["ProcessingJobStatus"] != "InProgress":
            status = record["ProcessingJobStatus"]
            raise validation_error(f"The request was rejected because the processing job is in status {status}.")
        record["ProcessingJobStatus"] = "Stopping"
        self._running[Store.name(name)].stop()

    def _plan(self, request: Record) -> JobPlan:
        app, name = request["AppSpecification"], request["ProcessingJobName"]
        image = self._images.resolve(app["ImageUri"])
        return JobPlan(
            name=name,
            role=request["RoleArn"],
            group="/aws/sagemaker/ProcessingJobs",
            folder=self._backend.run_dir / "jobs" / "processing" / name,
            image=image,
            command=image.command(app.get("ContainerEntrypoint"), app.get("ContainerArguments", [])),
            environment={
                "PROCESSING_JOB_NAME": name,
                "PROCESSING_JOB_ARN": self._store.arn(KIND, name),
                **request.get("Environment", {}),
            },
            hosts=request["ProcessingResources"]["ClusterConfig"]["InstanceCount"],
        )


def _limits(request: Record) -> Iterator[tuple[str, Any, tuple[Any, ...]]]:
    for entry in request.get("ProcessingInputs", []):
        name = f"ProcessingInputs.{entry['InputName']}"
        source = entry.get("S3Input")
        if source is None:
            raise validation_error(f"{name}: got {sorted(entry)}; the local cloud allows S3Input")
        if "LocalPath" not in source:
            raise validation_error(f"{name}.S3Input.LocalPath: got nothing; allowed: a path below /opt/ml/processing")
        yield f"{name}.S3DataType", source["S3DataType"], ("S3Prefix",)
        yield f"{name}.S3InputMode", source.get("S3InputMode"), ("File",)
        yield f"{name}.S3CompressionType", source.get("S3CompressionType"), ("None",)
    for entry in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
        if "LocalPath" not in entry.get("S3Output", {}):
            raise validation_error(f"Outputs.{entry['OutputName']}: got no S3Output.LocalPath; allowed: a path")
