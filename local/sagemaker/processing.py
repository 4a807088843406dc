"""Processing jobs: inputs downloaded, the container run, outputs uploaded."""

import threading
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import ServiceError, validation_error
from local.sagemaker.backend import Backend
from local.sagemaker.containers import ContainerSpec
from local.sagemaker.images import ImageRegistry
from local.sagemaker.job_files import (
    LOOPBACK,
    DataError,
    JobPlan,
    pick,
    pushing,
    read_text,
    refuse_unsupported,
    write_json,
)
from local.sagemaker.jobs import JobProcesses, Outcome, epoch_milliseconds, failure_reason
from local.sagemaker.store import Record, Store, now
from local.sagemaker.transfer import FolderSync

KIND = "processing-job"
_LONGEST_SECONDS = 86400
_MESSAGE_CHARACTERS = 1024


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

    def _follow(self, run: "ProcessingRun") -> None:
        try:
            run.follow()
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

    def kill_all(self) -> None:
        """End every job's processes now; the local cloud is going down."""
        for processes in list(self._running.values()):
            processes.kill()

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


class ProcessingRun:
    """One processing job from its first folder to its outputs."""

    def __init__(self, backend: Backend, record: Record, plan: JobPlan) -> None:
        self._backend, self.record, self.plan = backend, record, plan
        self._specs = plan.specs(backend)
        limit = record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _LONGEST_SECONDS)
        self.processes = JobProcesses([plan.container(backend, spec) for spec in self._specs], max_seconds=limit)
        self._outputs = record.get("ProcessingOutputConfig", {}).get("Outputs", [])
        self._key_id = record.get("ProcessingOutputConfig", {}).get("KmsKeyId")

    def follow(self) -> None:
        """Run the job; every end, also a refused download, becomes a final status."""
        self._announce()
        try:
            s3 = self._backend.client("s3", self.plan.role)
            for index, spec in enumerate(self._specs):
                self._fill(spec, index)
            outcome = self._process(s3)
            self._finish(s3, outcome)
        except (DataError, ServiceError, ClientError, BotoCoreError, OSError) as error:
            self._end("Failed", f"ClientError: {error}")

    def _fill(self, spec: ContainerSpec, index: int) -> None:
        for entry in self.record.get("ProcessingInputs", []):
            source = entry["S3Input"]
            folder = spec.place(source["LocalPath"])
            self.plan.fetch(self._backend, source, folder, host=index)
        for entry in self._outputs:
            spec.place(entry["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
        (spec.ml / "output").mkdir(parents=True, exist_ok=True)
        hosts = self.plan.host_names
        resources = {"current_host": hosts[index], "hosts": hosts, "network_interface_name": LOOPBACK}
        write_json(spec.ml / "config" / "resourceconfig.json", resources)
        write_json(spec.ml / "config" / "processingjobconfig.json", self._job_config())

    def _job_config(self) -> Record:
        return pick(
            self.record, "ProcessingJobArn", "ProcessingJobName", "AppSpecification", "Environment", "NetworkConfig",
            "ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources", "RoleArn", "StoppingCondition",
        )  # fmt: skip

    def _process(self, s3: Any) -> Outcome:
        syncs = [sync for mode, sync in self._syncs(s3) if mode == "Continuous"]
        self.record["ProcessingStartTime"] = now()
        try:
            with pushing(syncs):
                return self.processes.run()
        finally:
            self.record["ProcessingEndTime"] = now()

    def _syncs(self, s3: Any) -> Iterator[tuple[str, FolderSync]]:
        for spec in self._specs:
            for entry in self._outputs:
                output = entry["S3Output"]
                folder = spec.place(output["LocalPath"])
                yield output["S3UploadMode"], FolderSync(s3, folder, output["S3Uri"], key_id=self._key_id)

    def _finish(self, s3: Any, outcome: Outcome) -> None:
        message = read_text(self._specs[outcome.host].ml / "output" / "message")
        if message:
            self.record["ExitMessage"] = message[:_MESSAGE_CHARACTERS]
        if outcome.exit_code:
            self._end("Failed", failure_reason(message, outcome.exit_code))
            return
        for _, sync in self._syncs(s3):
            sync.push()
        if outcome.timed_out:
            self.record.setdefault("ExitMessage", "Processing job exceeded its maximum runtime")
        self._end("Stopped" if outcome.stopped or outcome.timed_out else "Completed")

    def _end(self, status: str, reason: str | None = None) -> None:
        if reason:
            self.record["FailureReason"] = reason[:1024]
        self.record.setdefault("ProcessingEndTime", now())
        self.record["LastModifiedTime"] = now()
        # The status comes last: whoever polls it finds the rest in place.
        self.record["ProcessingJobStatus"] = status
        self._announce()

    def _announce(self) -> None:
        detail = epoch_milliseconds({**self.record, "Tags": {}})
        self._backend.publish("SageMaker Processing Job State Change", detail, [self.record["ProcessingJobArn"]])
