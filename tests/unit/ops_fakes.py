"""In-memory stand-ins for the gateways of the Lambdas, and a small deployment made of them."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from atelier_ops.errors import (
    EndpointDeniedError,
    EndpointUnavailableError,
    ExecutionNameTakenError,
    MissingObjectError,
    SubmissionUnclearError,
)
from atelier_ops.gateways.endpoints import Endpoints, EndpointState
from atelier_ops.gateways.inference import AnswerPlaces, Inference
from atelier_ops.gateways.logs import JobLog, LogLine, Logs
from atelier_ops.gateways.receivers import Parcel, Receipt, Receivers
from atelier_ops.gateways.records import NEVER, Listed, Record, Records, Transaction, beside
from atelier_ops.gateways.registry import Jobs, ModelPackage, Packages
from atelier_ops.gateways.storage import ObjectStore, Readable, StoredObject, Upload, Uploaded
from atelier_ops.gateways.topic import Topic
from atelier_ops.gateways.workflow import Execution, Executions, MapRun, Past, StartedExecution, StateEvent, Tokens
from contracts.layout import S3Uri

NOW = 1_800_000_000.0
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40\x08\x02" + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 40


class MemoryBuckets:
    """Several buckets, so that a copy can go from one to another; ``fail_after`` writes it breaks."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], bytes] = {}
        self.hashes: dict[tuple[str, str], str] = {}
        self.answered: dict[tuple[str, str], tuple[str, str]] = {}
        self.writes: list[str] = []
        self.times: dict[tuple[str, str], float] = {}
        self.fail_after: int | None = None

    def store(self, bucket: str) -> "MemoryStore":
        return MemoryStore(self, bucket)

    def put(self, bucket: str, key: str, body: bytes, sha256: str = "") -> None:
        if self.fail_after is not None and len(self.writes) >= self.fail_after:
            raise ConnectionError("the network broke")
        self.writes.append(key)
        self.objects[bucket, key] = body
        self.times[bucket, key] = NOW + len(self.writes)
        self.hashes[bucket, key] = sha256

    def drop(self, bucket: str, key: str) -> None:
        self.objects.pop((bucket, key), None)


class MemoryStore(ObjectStore):
    """An ObjectStore."""

    def __init__(self, buckets: MemoryBuckets, bucket: str) -> None:
        super().__init__(bucket)
        self._all = buckets

    def listing(self, prefix: str) -> list[StoredObject]:
        keys = sorted(key for bucket, key in self._all.objects if bucket == self.bucket and key.startswith(prefix))
        return [self._stored(key) for key in keys]

    def has(self, prefix: str) -> bool:
        return bool(self.listing(prefix))

    def folders(self, prefix: str) -> list[str]:
        below = (entry.key.removeprefix(prefix) for entry in self.listing(prefix))
        return sorted({name.partition("/")[0] for name in below if "/" in name})

    def read(self, key: str) -> bytes:
        if (self.bucket, key) not in self._all.objects:
            raise MissingObjectError(f"s3://{self.bucket}/{key}: no such object")
        return self._all.objects[self.bucket, key]

    def read_starts(self, keys: Sequence[str], length: int) -> list[bytes]:
        return [self.read(key)[:length] for key in keys]

    def write(self, key: str, body: bytes, content_type: str) -> None:
        self._all.put(self.bucket, key, body)

    def serve(self, key: str, body: bytes, *, content_type: str, cache_control: str) -> None:
        self._all.put(self.bucket, key, body)
        self._all.answered[self.bucket, key] = (content_type, cache_control)

    def read_tagged(self, key: str) -> tuple[bytes, str] | None:
        if (self.bucket, key) not in self._all.objects:
            return None
        return self.read(key), self._stored(key).etag

    def write_if(self, key: str, body: bytes, content_type: str, *, etag: str | None) -> bool:
        stored = self.read_tagged(key)
        if (stored[1] if stored else None) != etag:
            return False
        self.write(key, body, content_type)
        return True

    def copy(self, source: S3Uri, key: str) -> None:
        self._all.put(self.bucket, key, self._all.store(source.bucket).read(source.key))

    def copy_each(self, keys: Mapping[str, str]) -> int:
        there = {key: target for key, target in keys.items() if (self.bucket, key) in self._all.objects}
        for key, target in there.items():
            self.copy(S3Uri(bucket=self.bucket, key=key), target)
        return len(there)

    def upload(self, key: str, stream: Readable, *, sha256: str) -> None:
        body = b""
        while block := stream.read(7):
            body += block
        self._all.put(self.bucket, key, body, sha256)

    def uploaded(self, key: str) -> Uploaded | None:
        if (self.bucket, key) not in self._all.objects:
            return None
        return Uploaded(size=len(self.read(key)), sha256=self._all.hashes[self.bucket, key], written=NOW)

    def delete(self, key: str) -> None:
        self._all.drop(self.bucket, key)

    def purge(self, prefix: str, *, current: bool = True) -> int:
        keys = self.names(prefix) if current else []
        for key in keys:
            self._all.drop(self.bucket, key)
        return len(keys)

    def get_url(self, key: str, seconds: int, content_type: str = "") -> str:
        return f"https://{self.bucket}.test/{key}?get={seconds}" + (f"&type={content_type}" if content_type else "")

    def put_url(self, key: str, upload: Upload, seconds: int) -> str:
        once = "&once" if upload.once else ""
        return f"https://{self.bucket}.test/{key}?put={seconds}&type={upload.content_type}&size={upload.size}{once}"

    def names(self, prefix: str = "") -> list[str]:
        return [entry.key for entry in self.listing(prefix)]

    def json(self, key: str) -> Any:
        return json.loads(self.read(key))

    def _stored(self, key: str) -> StoredObject:
        body = self.read(key)
        etag, written = (
            hashlib.md5(body, usedforsecurity=False).hexdigest(),
            self._all.times.get((self.bucket, key), NOW),
        )
        return StoredObject(key=key, size=len(body), etag=etag, written=written)


class MemoryRecords(Records):
    """A Records table."""

    def __init__(self) -> None:
        self.items: dict[str, Record] = {}

    def get(self, key: str) -> Record | None:
        return self.items.get(key)

    def expiring(self, status: str, before: int) -> list[str]:
        found = [each for each in self.items.values() if each.status == status and each.expires_at < before]
        return [each.key for each in sorted(found, key=lambda each: each.expires_at)]

    def get_each(self, keys: Sequence[str]) -> list[Record]:
        return [self.items[key] for key in keys if key in self.items]

    def made_by(self, owner: str, limit: int, after: Listed | None = None) -> list[Listed]:
        made = [Listed(key=each.key, created=each.created) for each in self.items.values() if each.client == owner]
        newest = sorted(made, key=lambda each: (each.created, each.key), reverse=True)
        behind = [each for each in newest if not after or (each.created, each.key) < (after.created, after.key)]
        return behind[:limit]

    def count(self, status: str, before: int, most: int) -> int:
        return min(most, len(self.expiring(status, before)))

    def first(self, status: str) -> int | None:
        keys = self.expiring(status, NEVER)
        return self.items[keys[0]].expires_at if keys else None

    def put(self, record: Record) -> None:
        self.items[record.key] = record

    def add(self, record: Record) -> bool:
        return self.items.setdefault(record.key, record) is record

    def replace(self, old: Record, new: Record) -> bool:
        if self.items.get(old.key) != old:
            return False
        self.items[old.key] = new
        return True

    def remove(self, record: Record) -> bool:
        return self.exchange(Transaction(removed=(record,)))

    def exchange(self, wanted: Transaction) -> bool:
        free = {each.key for each in wanted.added} | set(wanted.absent)
        same = [*(old for old, _ in wanted.replaced), *(each for each in wanted.removed if each.key in self.items)]
        if free & self.items.keys() or any(self.items.get(each.key) != each for each in same):
            return False
        for key in [*(each.key for each in wanted.removed), *beside(wanted.removed)]:
            self.items.pop(key, None)
        for new in (*wanted.added, *wanted.written, *(new for _, new in wanted.replaced)):
            self.items[new.key] = new
        return True


@dataclass
class MemoryPackages(Packages):
    """Model packages, by ARN."""

    there: set[str] = field(default_factory=set)
    decisions: dict[str, tuple[str, str]] = field(default_factory=dict)
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, Mapping[str, str]] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    fail_next: bool = False

    def exists(self, package: str) -> bool:
        return package in self.there or package in self.decisions

    def approval(self, package: str) -> tuple[str, str]:
        return self.decisions[package]

    def listing(self, group: str) -> list[str]:
        return [arn for arn in sorted({*self.there, *self.decisions}) if f"/{group}/" in arn]

    def find(self, package: str) -> ModelPackage | None:
        if not self.exists(package):
            return None
        status, reason = self.decisions.get(package, ("Approved", ""))
        return ModelPackage(arn=package, status=status, reason=reason, metadata=self.metadata.get(package, {}))

    def decide(self, package: str, status: str, reason: str) -> None:
        self.decisions[package] = (status, reason)

    def make_group(self, name: str, description: str, tags: Mapping[str, str]) -> None:
        self.groups.setdefault(name, tags)

    def register(self, request: Mapping[str, Any]) -> str:
        """The token's package is made once, even where its answer is lost (``fail_next``)."""
        token, group = request["ClientToken"], request["ModelPackageGroupName"]
        if token not in self.requests:
            number = 1 + max((int(arn.rsplit("/", 1)[1]) for arn in self.there if f"/{group}/" in arn), default=0)
            arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/{group}/{number}"
            self.requests[token] = {**request, "ModelPackageArn": arn}
            self.there.add(arn)
        if self.fail_next:
            self.fail_next = False
            raise ConnectionError("the answer was lost")
        return str(self.requests[token]["ModelPackageArn"])


class MemoryJobs(Jobs):
    """Jobs that SageMaker knows, or refuses to tell, and the training jobs that tuning jobs have made, by those jobs' names."""

    def __init__(
        self,
        known: Mapping[str, dict[str, Any]] | None = None,
        made: Mapping[str, list[dict[str, Any]]] | None = None,
        *,
        refuses: bool = False,
    ) -> None:
        self.known, self.made, self.refuses = dict(known or {}), dict(made or {}), refuses

    def describe(self, kind: str, name: str) -> dict[str, Any] | None:
        self._look("DescribeTrainingJob")
        return self.known.get(f"{kind}/{name}")

    def trials(self, name: str) -> list[Mapping[str, Any]]:
        self._look("ListTrainingJobsForHyperParameterTuningJob")
        return list(self.made.get(name, []))

    def _look(self, operation: str) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)


@dataclass
class MemoryLogs(Logs):
    """Streams of the training jobs' group, by name: the newest line last; ``down`` refuses for now, ``denied`` for good."""

    written: dict[str, list[LogLine]] = field(default_factory=dict)
    down: bool = False
    denied: bool = False

    def streams(self, group: str, prefix: str) -> list[JobLog]:
        if self.down or self.denied:
            code = "ThrottlingException" if self.down else "AccessDeniedException"
            answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400}}
            raise ClientError(answer, "DescribeLogStreams")
        return [JobLog(name=name, last=lines[-1].at) for name, lines in self.written.items() if name.startswith(prefix)]

    def tail(self, group: str, stream: str) -> list[LogLine]:
        return self.written[stream]

    def delete(self, group: str, stream: str) -> None:
        self.written.pop(stream, None)


@dataclass
class MemoryTokens(Tokens):
    """Tokens that remember their answers; each token waits until it is answered once."""

    answers: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def succeed(self, token: str, output: Mapping[str, Any]) -> bool:
        return self._answer(token, ("success", dict(output)))

    def fail(self, token: str, error: str, cause: str) -> bool:
        return self._answer(token, (error, cause))

    def _answer(self, token: str, answer: tuple[str, Any]) -> bool:
        return self.answers.setdefault(token, answer) is answer


@dataclass
class MemoryTopic(Topic):
    """A topic that keeps what was sent."""

    sent: list[tuple[str, str]] = field(default_factory=list)

    def publish(self, subject: str, message: str) -> None:
        self.sent.append((subject, message))


@dataclass
class MemoryInference(Inference):
    """An endpoint's queue; ``down`` refuses everything, ``denied`` for good, ``mute`` takes a request and does not say so."""

    queue: list[tuple[str, str, str]] = field(default_factory=list)
    down: bool = False
    denied: bool = False
    mute: bool = False

    def submit(self, endpoint: str, body: S3Uri, inference_id: str, inline: str = "") -> AnswerPlaces:
        if self.down:
            raise EndpointUnavailableError(f"endpoint {endpoint}: not found")
        if self.denied:
            raise EndpointDeniedError(f"endpoint {endpoint}: not authorized")
        self.queue.append((endpoint, inline or str(body), inference_id))
        if self.mute:
            raise SubmissionUnclearError(f"endpoint {endpoint}: the answer was lost")
        name = f"{len(self.queue)}-of-{inference_id}"
        return AnswerPlaces(output=f"s3://media/responses/{name}.out", failure=f"s3://media/failures/{name}-error.out")


@dataclass
class MemoryEndpoints(Endpoints):
    """SageMaker's endpoints: creating leaves them under way until the test says otherwise."""

    endpoints: dict[str, EndpointState] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    tagged: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    unscaled: list[tuple[str, str]] = field(default_factory=list)
    alarms_deleted: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def state(self, name: str) -> EndpointState | None:
        return self.endpoints.get(name)

    def make_model(self, request: Mapping[str, Any], tags: Mapping[str, str]) -> Mapping[str, Any] | None:
        return self._make(self.models, request["ModelName"], request, tags)

    def make_config(self, request: Mapping[str, Any], tags: Mapping[str, str]) -> Mapping[str, Any] | None:
        return self._make(self.configs, request["EndpointConfigName"], request, tags)

    def create(self, name: str, tags: Mapping[str, str]) -> None:
        self.tagged.append((name, tags))
        self.endpoints[name] = EndpointState(name=name, status="Creating")

    def delete(self, name: str) -> None:
        self.deleted.append(name)
        del self.endpoints[name]

    def delete_definition(self, name: str) -> None:
        self.configs.pop(name, None)
        self.models.pop(name, None)

    def drop_scaling(self, name: str, variant: str) -> None:
        self.unscaled.append((name, variant))

    def delete_alarm(self, name: str) -> None:
        self.alarms_deleted.append(name)

    def _make(
        self, known: dict[str, dict[str, Any]], name: str, request: Mapping[str, Any], tags: Mapping[str, str]
    ) -> dict[str, Any] | None:
        self.tagged.append((name, tags))
        if name in known:
            return {**known[name], "CreationTime": "added by SageMaker"}
        known[name] = dict(request)
        return None


@dataclass
class MemoryExecutions(Executions):
    """Executions of one state machine."""

    started: dict[str, Execution] = field(default_factory=dict)
    history: list[StateEvent] = field(default_factory=list)
    pasts: dict[str, Past] = field(default_factory=dict)
    runs: dict[str, MapRun] = field(default_factory=dict)

    def map_run(self, name: str) -> MapRun | None:
        return self.runs.get(name)

    def start(self, name: str, request: Mapping[str, Any]) -> None:
        existing = self.started.get(name)
        if existing and (existing.input != request or existing.status != "RUNNING"):
            raise ExecutionNameTakenError(name)
        self.started.setdefault(name, execution(name, dict(request)))

    def stop(self, name: str) -> None:
        ended = datetime.fromtimestamp(NOW + 5, UTC)
        self.started[name] = replace(self.started[name], status="ABORTED", stopped=ended, error="Canceled")

    def describe(self, name: str) -> Execution | None:
        return self.started.get(name)

    def listing(self, **chosen: str) -> Iterator[StartedExecution]:
        newest = sorted(self.started.values(), key=lambda each: (each.stopped or each.started, each.name), reverse=True)
        wanted = chosen.get("statusFilter")
        found = (each for each in newest if wanted in (None, each.status))
        return (StartedExecution(name=each.name, started=each.started) for each in found)

    def events(self, name: str) -> list[StateEvent]:
        return self.history

    def past(self, name: str) -> Past:
        return self.pasts[name]

    def end(self, name: str, status: str) -> None:
        """Let the execution, started or not, have ended like that."""
        self.started[name] = replace(self.started.get(name) or execution(name, {}), status=status)


def execution(name: str, request: dict[str, Any], **changes: Any) -> Execution:
    """An execution that runs since NOW, with changes."""
    values: dict[str, Any] = {
        "name": name,
        "status": "RUNNING",
        "started": datetime.fromtimestamp(NOW, UTC),
        "stopped": None,
        "input": request,
        "output": None,
        "error": "",
        "cause": "",
    }
    return Execution(**{**values, **changes})


@dataclass
class MemoryReceivers(Receivers):
    """Receivers that answer ``status``, or one after the other what ``says`` has."""

    status: int = 200
    says: list[Receipt] = field(default_factory=list)
    heard: list[Parcel] = field(default_factory=list)

    def post(self, parcels: Sequence[Parcel]) -> list[Receipt]:
        return [self._answer(parcel) for parcel in parcels]

    def _answer(self, parcel: Parcel) -> Receipt:
        receipt = self.says.pop(0) if self.says else Receipt(status=self.status)
        self.heard.append(parcel)
        return receipt
