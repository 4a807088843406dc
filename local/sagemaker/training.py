"""Training jobs: /opt/ml as SageMaker fills it, checkpoints, metrics, artifacts."""

import contextlib
import re
import shutil
from pathlib import Path
from typing import Any

from local.errors import validation_error
from local.sagemaker.backend import Backend
from local.sagemaker.capacity import Machines
from local.sagemaker.images import Image, ImageRegistry
from local.sagemaker.jobs import ContainerJob, Limits, failure_reason, pushing, read_text, write_json
from local.sagemaker.processes import JobEnd
from local.sagemaker.store import Record, now
from local.sagemaker.transfer import FolderSync, download, upload_file

_SECONDS_A_DAY = 86400


class TrainingJob(ContainerJob):
    """One training job."""

    kind = "Training"

    def __init__(self, backend: Backend, images: ImageRegistry, arn: str, request: Record) -> None:
        super().__init__(backend, images, arn, request)
        self.record.update(SecondaryStatusTransitions=[], FinalMetricDataList=[])
        definitions = request["AlgorithmSpecification"].get("MetricDefinitions", [])
        self._metrics = [(metric["Name"], re.compile(metric["Regex"])) for metric in definitions]
        self._values: dict[str, Record] = {}
        self._key_id = request["OutputDataConfig"].get("KmsKeyId")

    def begin_again(self, record: Record) -> None:
        """Say of the job, too, that it was interrupted."""
        super().begin_again(record)
        self._enter("Interrupted", "The machine of the training job is gone; it starts again from its checkpoints")

    @staticmethod
    def limits(request: Record) -> Limits:
        """An image; channels from S3 prefixes, in files; a spot job that may wait as long as it may run."""
        algorithm = request["AlgorithmSpecification"]
        if "TrainingImage" not in algorithm:
            raise validation_error(
                "AlgorithmSpecification.TrainingImage: got nothing; the local cloud allows an image only"
            )
        yield "TrainingInputMode", algorithm["TrainingInputMode"], ("File", "FastFile")
        for channel in request.get("InputDataConfig", []):
            name, origin = f"InputDataConfig.{channel['ChannelName']}", channel["DataSource"]
            if "S3DataSource" not in origin:
                raise validation_error(f"{name}: got {sorted(origin)}; the local cloud allows S3DataSource")
            yield f"{name}.S3DataType", origin["S3DataSource"]["S3DataType"], ("S3Prefix",)
            yield f"{name}.InputMode", channel.get("InputMode"), ("File", "FastFile")
            yield f"{name}.CompressionType", channel.get("CompressionType"), ("None",)
            yield f"{name}.RecordWrapperType", channel.get("RecordWrapperType"), ("None",)
        stopping = request["StoppingCondition"]
        longest = stopping.setdefault("MaxRuntimeInSeconds", _SECONDS_A_DAY)
        if request.get("EnableManagedSpotTraining", False) and stopping.get("MaxWaitTimeInSeconds", 0) < longest:
            raise validation_error(
                "MaxWaitTimeInSeconds above MaxRuntimeInSeconds is required for managed spot training: "
                f"got {stopping.get('MaxWaitTimeInSeconds')}; allowed: {longest} or more",
            )

    @staticmethod
    def machines(request: Record) -> list[Machines]:
        """The instance type, or the preferred ones in order; spot instances have quotas of their own."""
        config = request["ResourceConfig"]
        usage = "spot training job usage" if request.get("EnableManagedSpotTraining") else "training job usage"
        return [
            Machines(
                usage=usage,
                instance_type=choice.get("InstanceType", ""),
                count=choice.get("InstanceCount", config.get("InstanceCount", 1)),
            )
            for choice in config.get("InstancePreferences", [config])
        ]

    def program(self, images: ImageRegistry) -> tuple[Image, list[str], int]:
        """The image's own entry point with `train`, unless the request has one."""
        algorithm = self.record["AlgorithmSpecification"]
        image, entrypoint = images.resolve(algorithm["TrainingImage"]), algorithm.get("ContainerEntrypoint")
        arguments = algorithm.get("ContainerArguments", [] if entrypoint else ["train"])
        return image, image.command(entrypoint, arguments), self.machines(self.record)[0].count

    def run(self, s3: Any) -> None:
        """Download, train while checkpoints and event files are uploaded, upload."""
        self._advance("Starting", "Preparing the instances for training")
        self._advance("Downloading", "Downloading input data")
        for host in range(len(self.hosts)):
            self._fill(host)
        self._finish(s3, self._train(s3))

    def _fill(self, host: int) -> None:
        spec, channels = self._specs[host], {}
        for folder in ("model", "output/data", "checkpoints", "input/data"):
            (spec.ml / folder).mkdir(parents=True, exist_ok=True)
        for channel in self.record.get("InputDataConfig", []):
            name, source = channel["ChannelName"], channel["DataSource"]["S3DataSource"]
            self.fetch(source, spec.ml / "input" / "data" / name, host=host)
            channels[name] = {
                "TrainingInputMode": channel.get("InputMode", "File"),
                "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
            }
        config = spec.ml / "input" / "config"
        write_json(config / "hyperparameters.json", self.record.get("HyperParameters", {}))
        write_json(config / "inputdataconfig.json", channels)
        write_json(config / "resourceconfig.json", self.resources(host))

    def resources(self, host: int) -> Record:
        """The hosts, in one group of one instance type."""
        instance_type = self._instance_type()
        group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": self.hosts}
        return {
            **super().resources(host),
            "current_instance_type": instance_type,
            "current_group_name": "homogeneousCluster",
            "instance_groups": [group],
        }

    def _instance_type(self) -> str:
        """The first of the preferred types that there is; SageMaker notes it where the request leaves a choice."""
        config, faults = self.record["ResourceConfig"], self._backend.faults
        chosen = next(each for each in self.machines(self.record) if faults.available(each.instance_type))
        if "InstancePreferences" in config:
            config.update(SelectedInstanceType=chosen.instance_type, SelectedInstanceCount=chosen.count)
        return chosen.instance_type

    def _train(self, s3: Any) -> JobEnd:
        kept = [*self._checkpoints(s3), *self._event_files(s3)]
        self.record["TrainingStartTime"] = now()
        self._advance("Training", "Training image download completed. Training in progress.")
        try:
            with pushing(kept):
                return self.processes.run(self._read_metrics)
        finally:
            for sync in kept:
                sync.push()
            self.record["TrainingEndTime"] = now()

    def _checkpoints(self, s3: Any) -> list[FolderSync]:
        config = self.record.get("CheckpointConfig")
        if config is None:
            return []
        syncs = []
        for spec in self._specs:
            folder = spec.place(config.get("LocalPath", "/opt/ml/checkpoints"))
            download(s3, config["S3Uri"].rstrip("/") + "/", folder)
            syncs.append(FolderSync(s3, folder, config["S3Uri"], key_id=self._key_id))
            syncs[-1].remember()
        return syncs

    def _event_files(self, s3: Any) -> list[FolderSync]:
        """What TensorBoard reads, below the job's name, where the SDK looks for it; a job that starts again leaves what is there."""
        config = self.record.get("TensorBoardOutputConfig")
        if config is None:
            return []
        target = f"{config['S3OutputPath'].rstrip('/')}/{self.name}/tensorboard-output"
        folders = [spec.place(config.get("LocalPath", "/opt/ml/output/tensorboard")) for spec in self._specs]
        return [FolderSync(s3, folder, target, key_id=self._key_id) for folder in folders]

    def _read_metrics(self, line: str) -> None:
        for name, pattern in self._metrics:
            if match := pattern.search(line):
                with contextlib.suppress(ValueError):
                    self._values[name] = {"MetricName": name, "Value": float(match[1]), "Timestamp": now()}
                    self.record["FinalMetricDataList"] = list(self._values.values())

    def _finish(self, s3: Any, ended: JobEnd) -> None:
        first = self._specs[0].ml
        if ended.exit_code:
            self._upload(s3, first / "output" / "data", "output")
            reason = read_text(self._specs[ended.host].ml / "output" / "failure")
            self.end("Failed", failure_reason(reason, ended.exit_code))
            return
        self._advance("Uploading", "Uploading generated training model")
        artifacts = self._upload(s3, first / "model", "model", always=True)
        self._upload(s3, first / "output" / "data", "output")
        self.record["ModelArtifacts"] = {"S3ModelArtifacts": artifacts}
        if ended.timed_out:
            self.end("Stopped", "Training job exceeded its maximum runtime", secondary="MaxRuntimeExceeded")
        elif ended.stopped:
            self.end("Stopped", "Training job stopped")
        else:
            self.end("Completed", "Training job completed")

    def _upload(self, s3: Any, folder: Path, name: str, *, always: bool = False) -> str:
        """Upload a folder as `name`.tar.gz or, uncompressed, below `name`/ (`data`/ for output); where it is now.

        The address of an uncompressed artifact has no slash at its end: SageMaker promises none, and hosting wants one.
        """
        config = self.record["OutputDataConfig"]
        target = f"{config['S3OutputPath'].rstrip('/')}/{self.name}/output"
        if config.get("CompressionType", "GZIP") == "NONE":
            uri = f"{target}/{'data' if name == 'output' else name}"
            FolderSync(s3, folder, uri, key_id=self._key_id).push()
            return uri
        uri = f"{target}/{name}.tar.gz"
        if always or any(folder.iterdir()):
            archive = shutil.make_archive(str(folder.parent / name), "gztar", folder)
            upload_file(s3, Path(archive), uri, key_id=self._key_id)
        return uri

    def _advance(self, secondary: str, message: str) -> None:
        self._enter(secondary, message)
        self.announce()

    def _enter(self, secondary: str, message: str, *, last: bool = False) -> None:
        """Begin a secondary status, which ends the one before it."""
        transitions, moment = self.record["SecondaryStatusTransitions"], now()
        if transitions:
            transitions[-1]["EndTime"] = moment
        transition = {"Status": secondary, "StartTime": moment, "StatusMessage": message}
        transitions.append(transition | ({"EndTime": moment} if last else {}))
        self.record.update(SecondaryStatus=secondary, LastModifiedTime=moment)

    def end(self, status: str, message: str = "", *, secondary: str = "") -> None:
        """Settle the job, with its seconds where it has trained."""
        started = self.record.get("TrainingStartTime")
        if started:
            ended = self.record.setdefault("TrainingEndTime", now())
            seconds = max(1, round((ended - started).total_seconds()))
            # Of each instance: the bill is this times their number.
            self.record.update(TrainingTimeInSeconds=seconds, BillableTimeInSeconds=seconds)
        self._enter(secondary or status, message, last=True)
        super().end(status, message)
