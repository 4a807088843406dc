"""Jobs: what training and processing have in common, from the request to the final status."""

import abc
import contextlib
import functools
import json
import logging
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from local.errors import AWS_ERRORS, INTERNAL_ERROR, ServiceError, validation_error
from local.sagemaker.backend import Backend
from local.sagemaker.capacity import JOB_SHORTAGE, Capacity, Machines
from local.sagemaker.containers import Container, ContainerSpec, meeting_point
from local.sagemaker.images import Image, ImageRegistry
from local.sagemaker.processes import JobProcesses
from local.sagemaker.store import LiveRecord, Record, RecordStore, now, words
from local.sagemaker.transfer import FolderSync, download
from local.sizes import drop_old_jobs

_LOG = logging.getLogger("local.jobs")
_LONGEST_SECONDS = 86400
_REASON_CHARACTERS = 1024  # SageMaker's limit on FailureReason
_SYNC_SECONDS = 2.0
_LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"

Limits = Iterator[tuple[str, Any, Sequence[Any]]]  # (member, what the request has, what the local cloud can honour)


class DataError(Exception):
    """A job's input could not be fetched; becomes `ClientError: ...` in its FailureReason."""


class ContainerJob(abc.ABC):
    """One job: its record, its hosts' containers, and its way to a final status.

    A subclass says what a kind of job has of its own. `kind` is the word in every name the API, CloudWatch Logs,
    EventBridge and the container have for that kind.
    """

    kind: ClassVar[str]

    def __init__(self, backend: Backend, images: ImageRegistry, arn: str, request: Record) -> None:
        """Raises ServiceError for what SageMaker would refuse at once."""
        for member, got, allowed in self.limits(request):
            if got is not None and got not in allowed:
                raise validation_error(f"{member}: got {got!r}; the local cloud allows {list(allowed)}")
        self._backend = backend
        self.name, self.role = str(request[f"{self.kind}JobName"]), request["RoleArn"]
        self.record: Record = LiveRecord(
            {
                **request,
                f"{self.kind}JobArn": arn,
                f"{self.kind}JobStatus": "InProgress",
                "CreationTime": now(),
                "LastModifiedTime": now(),
            }
        )
        image, command, count = self.program(images)
        self.hosts = [f"algo-{index + 1}" for index in range(count)]
        environment = self._environment()
        self.folder = backend.run_dir / "jobs" / self.kind.lower()
        self._specs = [
            ContainerSpec(
                image=image,
                command=command,
                environment=environment,
                root=self.folder / self.name / host,
                log_group=f"/aws/sagemaker/{self.kind}Jobs",
                log_stream=f"{self.name}/{host}-{int(now().timestamp())}",
            )
            for host in self.hosts
        ]
        logs = backend.client("logs", self.role)
        limit = self.record.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", _LONGEST_SECONDS)
        self.processes = JobProcesses([Container(spec, logs) for spec in self._specs], max_seconds=limit)

    @staticmethod
    @abc.abstractmethod
    def limits(request: Record) -> Limits:
        """Members that the local cloud can honour with some values only. Raises ServiceError for those it cannot do without."""

    @staticmethod
    @abc.abstractmethod
    def machines(request: Record) -> list[Machines]:
        """The instances of which the job needs one kind, the preferred one first."""

    @abc.abstractmethod
    def program(self, images: ImageRegistry) -> tuple[Image, list[str], int]:
        """The image, the command line of each host, and how many hosts the request asks for."""

    @abc.abstractmethod
    def run(self, s3: Any) -> None:
        """Fill the hosts' folders, run the containers, upload the results, end. `s3` acts as the job's role."""

    def follow(self) -> None:
        """Run the job; every end, also a refused download, becomes a final status."""
        if not any(self._backend.faults.available(each.instance_type) for each in self.machines(self.record)):
            self.end("Failed", JOB_SHORTAGE)
            return
        try:
            self.run(self._backend.client("s3", self.role))
        except (DataError, *AWS_ERRORS, OSError) as error:
            self.end("Failed", f"ClientError: {error}")
        except Exception:  # noqa: BLE001  the edge of the job's thread: a job must end, also by our own mistake
            _LOG.exception("%s job %s", self.kind, self.name)
            self.processes.kill()
            self.end("Failed", INTERNAL_ERROR)

    def begin_again(self, record: Record) -> None:
        """Take the place of a job whose machine is gone, as of a spot instance: in an empty folder, with the checkpoints in S3."""
        self.record = record
        shutil.rmtree(self.folder / self.name, ignore_errors=True)

    def end(self, status: str, message: str = "") -> None:
        """Settle the job; a failed one keeps the message as its FailureReason."""
        if status == "Failed":
            self.record["FailureReason"] = message[:_REASON_CHARACTERS]
        self.record["LastModifiedTime"] = now()
        # The status comes last: whoever polls it finds the rest in place.
        self.record[f"{self.kind}JobStatus"] = status
        self.announce()

    def announce(self) -> None:
        """Send the job's state as an event."""
        self._backend.announce(f"{self.kind} Job", self.record, self.record[f"{self.kind}JobArn"])

    def fetch(self, source: Mapping[str, Any], folder: Path, *, host: int) -> None:
        """Copy an input's objects (S3Uri, S3DataDistributionType) into `folder` for one host.

        Raises DataError with SageMaker's words where there are none or they may not be read.
        """
        sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
        share = {"host": host, "hosts": len(self.hosts)} if sharded else {}
        uri = source["S3Uri"]
        try:
            count = download(self._backend.client("s3", self.role), uri, folder, **share)
        except AWS_ERRORS as error:
            raise DataError(f"Data download failed: {error}") from error
        if not count and not (sharded and host):
            raise DataError(
                f'Data download failed:No S3 objects found under S3 URL "{uri}" given in input data source. Please '
                f"ensure that the bucket exists in the selected region ({self._backend.region}), that objects exist under "
                f'that S3 prefix, and that the role "{self.role}" has "s3:ListBucket" permissions on the bucket.',
            )

    def resources(self, host: int) -> Record:
        """What `resourceconfig.json` tells one host of the others."""
        return {"current_host": self.hosts[host], "hosts": self.hosts, "network_interface_name": _LOOPBACK}

    def _environment(self) -> dict[str, str]:
        prefix = f"{self.kind.upper()}_JOB"
        return {
            **self._backend.process_environment(self.role),
            **meeting_point(),
            f"{prefix}_NAME": self.name,
            f"{prefix}_ARN": self.record[f"{self.kind}JobArn"],
            **self.record.get("Environment", {}),
        }


class JobService:
    """The Create and Stop operations of one kind of job; each job runs in its own thread."""

    def __init__(
        self, kind: type[ContainerJob], backend: Backend, store: RecordStore, images: ImageRegistry, capacity: Capacity
    ) -> None:
        self._kind, self._backend, self._store, self._images, self._capacity = kind, backend, store, images, capacity
        self._resource = f"{kind.kind}Job"
        self._jobs: dict[str, ContainerJob] = {}

    def create(self, request: Record) -> Record:
        """Start a job; its record. Raises ServiceError for what SageMaker would refuse at once."""
        name = request[f"{self._resource}Name"]
        job = self._kind(self._backend, self._images, self._store.arn(self._resource, name), request)
        with self._capacity.lock:
            self._capacity.require(self._kind.machines(request)[0])
            self._store.add(self._resource, name, job.record)
        self._jobs[name] = job
        threading.Thread(target=job.follow, name=f"{self._resource} {name}", daemon=True).start()
        drop_old_jobs(job.folder, [record[f"{self._resource}Name"] for record in self._running()])
        return job.record

    def _running(self) -> list[Record]:
        status = f"{self._resource}Status"
        return [record for record in self._store.all(self._resource) if record[status] in ("InProgress", "Stopping")]

    def resume(self) -> None:
        """Start the jobs again that the server's end has interrupted; one that was to stop has stopped."""
        for record in self._running():
            self._resume(record)

    def _resume(self, record: Record) -> None:
        name, arn = record[f"{self._resource}Name"], record[f"{self._resource}Arn"]
        stopping = record[f"{self._resource}Status"] == "Stopping"
        try:
            job = self._jobs[name] = self._kind(self._backend, self._images, arn, record)
        except ServiceError as error:
            record.update({"FailureReason": f"ClientError: {error.message}", f"{self._resource}Status": "Failed"})
            return
        job.begin_again(record)
        end = functools.partial(job.end, "Stopped") if stopping else job.follow
        threading.Thread(target=end, name=f"{self._resource} {name}", daemon=True).start()

    def machines(self) -> Iterator[Machines]:
        """The instances of the jobs that have not ended."""
        for record in self._running():
            yield self._kind.machines(record)[0]

    def stop(self, name: str) -> None:
        """Ask a job to stop: SIGTERM, and SIGKILL after 120 s."""
        record, member = self._store.get(self._resource, name), f"{self._resource}Status"
        if record[member] != "InProgress":
            raise validation_error(
                f"The request was rejected because the {words(self._resource)} is in status {record[member]}."
            )
        record[member] = "Stopping"
        self._jobs[RecordStore.name(name)].processes.stop()


def write_json(path: Path, content: Any) -> None:
    """Write a configuration file of the container contract; times as ISO text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, default=str), encoding="utf-8")


def read_text(path: Path) -> str | None:
    """A file the container left behind, or None."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def failure_reason(text: str | None, exit_code: int) -> str:
    """SageMaker's FailureReason of a container that ended with `exit_code` and left `text` as its reason."""
    tail = f", exit code: {exit_code}"
    reason = " ".join((text or "").split()) or "See job logs for more information"
    return f"AlgorithmError: {reason}"[: _REASON_CHARACTERS - len(tail)] + tail


@contextlib.contextmanager
def pushing(syncs: Sequence[FolderSync]) -> Iterator[None]:
    """Upload what changed in the folders every few seconds while the block runs."""
    ended = threading.Event()

    def keep_pushing() -> None:
        while not ended.wait(_SYNC_SECONDS):
            for sync in syncs:
                sync.push()

    thread = threading.Thread(target=keep_pushing, name="sync", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
