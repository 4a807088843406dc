"""One training job: /opt/ml as SageMaker fills it, checkpoints, metrics, artifacts."""

import contextlib
import re
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import ServiceError
from local.sagemaker.backend import Backend
from local.sagemaker.containers import ContainerSpec
from local.sagemaker.job_files import LOOPBACK, DataError, JobPlan, pushing, read_text, write_json
from local.sagemaker.jobs import INTERNAL_ERROR, JobProcesses, Outcome, epoch_milliseconds, failure_reason
from local.sagemaker.store import Record, now
from local.sagemaker.transfer import FolderSync, download, pack, upload_file, upload_folder


class TrainingRun:
    """One training job from its first folder to its artifacts."""

    def __init__(self, backend: Backend, record: Record, plan: JobPlan) -> None:
        self._backend, self.record, self.plan = backend, record, plan
        self._specs = plan.specs(backend)
        self._containers = [plan.container(backend, spec) for spec in self._specs]
        self.processes = JobProcesses(self._containers, max_seconds=record["StoppingCondition"]["MaxRuntimeInSeconds"])
        self._metrics = [
            (m["Name"], re.compile(m["Regex"])) for m in record["AlgorithmSpecification"].get("MetricDefinitions", [])
        ]
        self._key_id = record["OutputDataConfig"].get("KmsKeyId")

    def follow(self) -> None:
        """Run the job; every end, also a refused download, becomes a final status."""
        try:
            self._advance("Starting", "Preparing the instances for training")
            s3 = self._backend.client("s3", self.plan.role)
            self._advance("Downloading", "Downloading input data")
            for index, spec in enumerate(self._specs):
                self._fill(spec, index)
            outcome = self._train(s3)
            self._finish(s3, outcome)
        except (DataError, ServiceError, ClientError, BotoCoreError, OSError) as error:
            self._end("Failed", "Failed", f"ClientError: {error}")

    def abandon(self) -> None:
        """End the job as failed by the service itself, not by its container."""
        self.processes.kill()
        self._end("Failed", "Failed", INTERNAL_ERROR)

    def _fill(self, spec: ContainerSpec, index: int) -> None:
        record, inputs = self.record, spec.ml / "input"
        for folder in ("model", "output/data", "checkpoints", "input/data"):
            (spec.ml / folder).mkdir(parents=True, exist_ok=True)
        channels = {}
        for channel in record.get("InputDataConfig", []):
            source = channel["DataSource"]["S3DataSource"]
            folder = inputs / "data" / channel["ChannelName"]
            self.plan.fetch(self._backend, source, folder, host=index)
            channels[channel["ChannelName"]] = {
                "TrainingInputMode": channel.get("InputMode", "File"),
                "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            }
        write_json(inputs / "config" / "hyperparameters.json", record.get("HyperParameters", {}))
        write_json(inputs / "config" / "inputdataconfig.json", channels)
        write_json(inputs / "config" / "resourceconfig.json", self._resources(index))

    def _resources(self, index: int) -> dict[str, Any]:
        hosts, kind = self.plan.host_names, self.record["ResourceConfig"].get("InstanceType", "")
        group = {"instance_group_name": "homogeneousCluster", "instance_type": kind, "hosts": hosts}
        return {
            "current_host": hosts[index],
            "current_instance_type": kind,
            "current_group_name": "homogeneousCluster",
            "hosts": hosts,
            "instance_groups": [group],
            "network_interface_name": LOOPBACK,
        }

    def _train(self, s3: Any) -> Outcome:
        checkpoints = self._checkpoints(s3)
        self.record["TrainingStartTime"] = now()
        self._advance("Training", "Training image download completed. Training in progress.")
        try:
            with pushing(checkpoints):
                return self.processes.run(self._metric_line)
        finally:
            for sync in checkpoints:
                sync.push()
            self.record["TrainingEndTime"] = now()

    def _checkpoints(self, s3: Any) -> list[FolderSync]:
        config = self.record.get("CheckpointConfig")
        if not config:
            return []
        syncs = []
        for spec in self._specs:
            folder = spec.place(config.get("LocalPath", "/opt/ml/checkpoints"))
            download(s3, config["S3Uri"].rstrip("/") + "/", folder)
            syncs.append(FolderSync(s3, folder, config["S3Uri"], key_id=self._key_id))
            syncs[-1].remember()
        return syncs

    def _metric_line(self, line: str) -> None:
        for name, pattern in self._metrics:
            match = pattern.search(line)
            if match:
                with contextlib.suppress(ValueError):
                    self._metric(name, float(match[1]))

    def _metric(self, name: str, value: float) -> None:
        others = [m for m in self.record["FinalMetricDataList"] if m["MetricName"] != name]
        self.record["FinalMetricDataList"] = [*others, {"MetricName": name, "Value": value, "Timestamp": now()}]

    def _finish(self, s3: Any, outcome: Outcome) -> None:
        first = self._specs[0]
        target = f"{self.record['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.plan.name}/output"
        if outcome.exit_code:
            self._upload(s3, first.ml / "output" / "data", target, "output")
            reason = read_text(self._specs[outcome.host].ml / "output" / "failure")
            self._end("Failed", "Failed", failure_reason(reason, outcome.exit_code))
            return
        self._advance("Uploading", "Uploading generated training model")
        artifacts = self._upload(s3, first.ml / "model", target, "model", always=True)
        self._upload(s3, first.ml / "output" / "data", target, "output")
        self.record["ModelArtifacts"] = {"S3ModelArtifacts": artifacts}
        if outcome.timed_out:
            self._end("Stopped", "MaxRuntimeExceeded", "Training job exceeded its maximum runtime")
        elif outcome.stopped:
            self._end("Stopped", "Stopped", "Training job stopped")
        else:
            self._end("Completed", "Completed", "Training job completed")

    def _upload(self, s3: Any, folder: Path, target: str, name: str, *, always: bool = False) -> str:
        """Upload a folder as `name`.tar.gz or, uncompressed, below `name`/ (`data`/ for output); where it is now."""
        if self.record["OutputDataConfig"].get("CompressionType", "GZIP") == "NONE":
            uri = f"{target}/{'data' if name == 'output' else name}/"
            upload_folder(s3, folder, uri, key_id=self._key_id)
            return uri
        uri = f"{target}/{name}.tar.gz"
        if always or any(folder.iterdir()):
            upload_file(s3, pack(folder, folder.parent / f"{name}.tar.gz"), uri, key_id=self._key_id)
        return uri

    def _advance(self, secondary: str, message: str) -> None:
        transitions, moment = self.record["SecondaryStatusTransitions"], now()
        if transitions:
            transitions[-1]["EndTime"] = moment
        transitions.append({"Status": secondary, "StartTime": moment, "StatusMessage": message})
        self.record.update(SecondaryStatus=secondary, LastModifiedTime=moment)
        self._announce()

    def _end(self, status: str, secondary: str, message: str) -> None:
        if status == "Failed":
            self.record["FailureReason"] = message[:1024]
        started = self.record.get("TrainingStartTime")
        if started:
            ended = self.record.setdefault("TrainingEndTime", now())
            seconds = max(1, round((ended - started).total_seconds()))
            # Of each instance: the bill is this times their number.
            self.record.update(TrainingTimeInSeconds=seconds, BillableTimeInSeconds=seconds)
        moment = now()
        transition = {"Status": secondary, "StartTime": moment, "EndTime": moment, "StatusMessage": message}
        if self.record["SecondaryStatusTransitions"]:
            self.record["SecondaryStatusTransitions"][-1]["EndTime"] = moment
        self.record["SecondaryStatusTransitions"].append(transition)
        # The status comes last: whoever polls it finds the rest in place.
        self.record.update(SecondaryStatus=secondary, LastModifiedTime=moment)
        self.record["TrainingJobStatus"] = status
        self._announce()

    def _announce(self) -> None:
        detail = epoch_milliseconds({**self.record, "Tags": {}})
        self._backend.publish("SageMaker Training Job State Change", detail, [self.record["TrainingJobArn"]])
