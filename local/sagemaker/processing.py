"""Processing jobs: inputs downloaded, the container run, outputs uploaded."""

from collections.abc import Iterator
from typing import Any

from local.errors import validation_error
from local.sagemaker.capacity import Machines
from local.sagemaker.images import Image, ImageRegistry
from local.sagemaker.jobs import ContainerJob, Limits, failure_reason, pushing, read_text, write_json
from local.sagemaker.processes import JobEnd
from local.sagemaker.store import Record, now
from local.sagemaker.transfer import FolderSync

_MESSAGE_CHARACTERS = 1024
_CONFIG_MEMBERS = (
    "ProcessingJobArn", "ProcessingJobName", "AppSpecification", "Environment", "NetworkConfig", "ProcessingInputs",
    "ProcessingOutputConfig", "ProcessingResources", "RoleArn", "StoppingCondition",
)  # fmt: skip


class ProcessingJob(ContainerJob):
    """One processing job."""

    kind = "Processing"

    @staticmethod
    def limits(request: Record) -> Limits:
        """Inputs from S3 prefixes, in files."""
        for entry in request.get("ProcessingInputs", []):
            name = f"ProcessingInputs.{entry['InputName']}"
            source = entry.get("S3Input")
            if source is None:
                raise validation_error(f"{name}: got {sorted(entry)}; the local cloud allows S3Input")
            if "LocalPath" not in source:
                raise validation_error(
                    f"{name}.S3Input.LocalPath: got nothing; allowed: a path below /opt/ml/processing"
                )
            yield f"{name}.S3DataType", source["S3DataType"], ("S3Prefix",)
            yield f"{name}.S3InputMode", source.get("S3InputMode"), ("File",)
            yield f"{name}.S3CompressionType", source.get("S3CompressionType"), ("None",)
        for entry in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
            if "LocalPath" not in entry.get("S3Output", {}):
                raise validation_error(f"Outputs.{entry['OutputName']}: got no S3Output.LocalPath; allowed: a path")

    @staticmethod
    def machines(request: Record) -> list[Machines]:
        """The cluster."""
        cluster = request["ProcessingResources"]["ClusterConfig"]
        instances = {"instance_type": cluster["InstanceType"], "count": cluster["InstanceCount"]}
        return [Machines(usage="processing job usage", **instances)]

    def program(self, images: ImageRegistry) -> tuple[Image, list[str], int]:
        """The image's own entry point unless the request has one."""
        app = self.record["AppSpecification"]
        image = images.resolve(app["ImageUri"])
        command = image.command(app.get("ContainerEntrypoint"), app.get("ContainerArguments", []))
        return image, command, self.record["ProcessingResources"]["ClusterConfig"]["InstanceCount"]

    def run(self, s3: Any) -> None:
        """Download, process, upload."""
        self.announce()
        for host in range(len(self.hosts)):
            self._fill(host)
        syncs = list(self._syncs(s3))
        self.record["ProcessingStartTime"] = now()
        with pushing([sync for mode, sync in syncs if mode == "Continuous"]):
            ended = self.processes.run()
        self.record["ProcessingEndTime"] = now()
        self._finish(ended, [sync for _, sync in syncs])

    def _outputs(self) -> list[Record]:
        return [output["S3Output"] for output in self.record.get("ProcessingOutputConfig", {}).get("Outputs", [])]

    def _fill(self, host: int) -> None:
        spec = self._specs[host]
        for entry in self.record.get("ProcessingInputs", []):
            source = entry["S3Input"]
            self.fetch(source, spec.place(source["LocalPath"]), host=host)
        for output in self._outputs():
            spec.place(output["LocalPath"]).mkdir(parents=True, exist_ok=True)
        (spec.ml / "output").mkdir(parents=True, exist_ok=True)
        config = {name: self.record[name] for name in _CONFIG_MEMBERS if name in self.record}
        write_json(spec.ml / "config" / "resourceconfig.json", self.resources(host))
        write_json(spec.ml / "config" / "processingjobconfig.json", config)

    def _syncs(self, s3: Any) -> Iterator[tuple[str, FolderSync]]:
        key_id = self.record.get("ProcessingOutputConfig", {}).get("KmsKeyId")
        for spec in self._specs:
            for output in self._outputs():
                folder = spec.place(output["LocalPath"])
                yield output["S3UploadMode"], FolderSync(s3, folder, output["S3Uri"], key_id=key_id)

    def _finish(self, ended: JobEnd, syncs: list[FolderSync]) -> None:
        message = read_text(self._specs[ended.host].ml / "output" / "message")
        if message:
            self.record["ExitMessage"] = message[:_MESSAGE_CHARACTERS]
        if ended.exit_code:
            self.end("Failed", failure_reason(message, ended.exit_code))
            return
        for sync in syncs:
            sync.push()
        if ended.timed_out:
            self.record.setdefault("ExitMessage", "Processing job exceeded its maximum runtime")
        self.end("Stopped" if ended.stopped or ended.timed_out else "Completed")

    def end(self, status: str, message: str = "") -> None:
        """Settle the job; one that never started ends now."""
        self.record.setdefault("ProcessingEndTime", now())
        super().end(status, message)
