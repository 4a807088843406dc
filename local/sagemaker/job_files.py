"""What training and processing jobs share: their hosts' folders, logs, checks of their input."""

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import ServiceError
from local.sagemaker.backend import Backend
from local.sagemaker.containers import Container, ContainerSpec
from local.sagemaker.images import Image
from local.sagemaker.logs import LogStream
from local.sagemaker.store import now
from local.sagemaker.transfer import FolderSync, Shard, download

_SYNC_SECONDS = 2.0
LOOPBACK = "lo0" if sys.platform == "darwin" else "lo"


class DataError(Exception):
    """A job's input or output could not be moved; becomes `ClientError: ...` in its FailureReason."""


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """One job's hosts: what each runs, and in which folder."""

    name: str
    role: str
    group: str
    folder: Path
    image: Image
    command: Sequence[str]
    environment: Mapping[str, str]
    hosts: int

    @property
    def host_names(self) -> list[str]:
        """`algo-1` to `algo-N`, as SageMaker names them."""
        return [f"algo-{index + 1}" for index in range(self.hosts)]

    def specs(self, backend: Backend) -> list[ContainerSpec]:
        """One container for each host."""
        meeting = meeting_place() if self.hosts > 1 else {}
        environment = {**backend.process_environment(self.role), **meeting, **self.environment}
        return [
            ContainerSpec(image=self.image, command=self.command, environment=environment, root=self.folder / host)
            for host in self.host_names
        ]

    def container(self, backend: Backend, spec: ContainerSpec) -> Container:
        """The container of a host, with its log stream `<job>/<host>-<time>`."""
        stream = f"{self.name}/{spec.root.name}-{int(now().timestamp())}"

        def open_log() -> LogStream:
            client = backend.client("logs", self.role)
            return LogStream(client, group=self.group, stream=stream, copy=spec.root / "output.log")

        return Container(spec, open_log)

    def fetch(self, backend: Backend, source: Mapping[str, Any], folder: Path, *, host: int) -> None:
        """Copy an input's objects (S3Uri, S3DataDistributionType) into `folder` for one host.

        Raises DataError with SageMaker's words where there are none or they may not be read.
        """
        sharded = source.get("S3DataDistributionType") == "ShardedByS3Key"
        uri, s3 = source["S3Uri"], backend.client("s3", self.role)
        try:
            count = download(s3, uri, folder, shard=Shard(index=host, count=self.hosts) if sharded else None)
        except (ClientError, BotoCoreError, ServiceError) as error:
            raise DataError(f"Data download failed: {error}") from error
        if not count and not (sharded and host):
            raise DataError(
                f'Data download failed:No S3 objects found under S3 URL "{uri}" given in input data source. Please '
                f"ensure that the bucket exists in the selected region ({backend.region}), that objects exist under that "
                f'S3 prefix, and that the role "{self.role}" has "s3:ListBucket" permissions on the bucket.',
            )


def meeting_place() -> dict[str, str]:
    """Where the hosts of a job meet on this machine, in torch's own variables: `algo-1` has no DNS name here.

    The port is the job's own, because two jobs may run at a time.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(probe.getsockname()[1])}


def write_json(path: Path, content: Any) -> None:
    """Write a configuration file of the container contract; times as ISO text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, default=str), encoding="utf-8")


def read_text(path: Path) -> str | None:
    """A file the container left behind, or None."""
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None


def pick(record: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The named members of a record that it has."""
    return {name: record[name] for name in names if name in record}


def refuse_unsupported(pairs: Iterator[tuple[str, Any, Sequence[Any]]]) -> None:
    """Raise ValidationException for the first (member, got, allowed) whose value the local cloud cannot honour."""
    for member, got, allowed in pairs:
        if got is not None and got not in allowed:
            raise ServiceError("ValidationException", f"{member}: got {got!r}; the local cloud allows {list(allowed)}")


@contextlib.contextmanager
def pushing(syncs: Sequence[FolderSync]) -> Iterator[None]:
    """Upload what changed in the folders every few seconds while the block runs."""
    ended = threading.Event()

    def keep_pushing() -> None:
        while not ended.wait(_SYNC_SECONDS):
            for sync in syncs:
                sync.push()

    thread = threading.Thread(target=keep_pushing, name="sync", daemon=True)
    if syncs:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if syncs:
            thread.join()
