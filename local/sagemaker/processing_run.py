"""One processing job: inputs downloaded, the container run, outputs uploaded."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import ServiceError
from local.sagemaker.backend import Backend
from local.sagemaker.containers import ContainerSpec
from local.sagemaker.job_files import LOOPBACK, DataError, JobPlan, pick, pushing, read_text, write_json
from local.sagemaker.jobs import INTERNAL_ERROR, JobProcesses, Outcome, epoch_milliseconds, failure_reason
from local.sagemaker.store import Record, now
from local.sagemaker.transfer import FolderSync

_LONGEST_SECONDS = 86400
_MESSAGE_CHARACTERS = 1024


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

    def abandon(self) -> None:
        """End the job as failed by the service itself, not by its container."""
        self.processes.kill()
        self._end("Failed", INTERNAL_ERROR)

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
