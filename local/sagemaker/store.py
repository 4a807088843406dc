"""The records of the SageMaker control plane: one dictionary per resource, in the shape Describe* answers."""

import re
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from local.durable import Durable
from local.errors import ServiceError, validation_error
from local.faults import Fault, Faults

Record = dict[str, Any]

# AWS words "there is no such thing" differently for each kind; callers match on these texts.
_MISSING = {
    "TrainingJob": "Requested resource not found.",
    "ProcessingJob": "Could not find requested job with name: {name}",
    "HyperParameterTuningJob": "Amazon SageMaker can't find a tuning job with the name {name}. It does not exist.",
    "ModelPackageGroup": "ModelPackageGroup {arn} does not exist.",
    "ModelPackage": "ModelPackage {arn} does not exist.",
}
_EXISTING = {
    "TrainingJob": (
        "ResourceInUse",
        "Training job names must be unique within an AWS account and region, "
        "and a training job with this name already exists ({arn})",
    ),
    "ProcessingJob": (
        "ResourceInUse",
        "Job name must be unique within an AWS account and region, and a job with this name already exists ({arn})",
    ),
    "HyperParameterTuningJob": (
        "ResourceInUse",
        "Hyperparameter tuning job names must be unique within an AWS account and region, and one with this name already exists ({arn})",
    ),
    "ModelPackageGroup": ("ValidationException", "Model Package Group already exists: {arn}"),
}


def now() -> datetime:
    """The present, in UTC."""
    return datetime.now(UTC)


def epoch_milliseconds(value: Any) -> Any:
    """Times inside a record as whole milliseconds, the way events and Step Functions carry them."""
    if isinstance(value, dict):
        return {k: epoch_milliseconds(v) for k, v in value.items()}
    if isinstance(value, list):
        return [epoch_milliseconds(v) for v in value]
    return int(value.timestamp() * 1000) if hasattr(value, "timestamp") else value


def words(kind: str, separator: str = " ") -> str:
    """`training job` of `TrainingJob`, or `training-job`."""
    return re.sub(r"\B(?=[A-Z])", separator, kind).lower()


class LiveRecord(dict[str, Any]):
    """A record that is written whenever one of its members is set or taken away, once it is in the store."""

    _write: Callable[[], None] | None = None

    def written_by(self, write: Callable[[], None] | None) -> None:
        """Call ``write`` after each change; None: nothing."""
        self._write = write

    def update(self, *members: Any, **named: Any) -> None:
        """As of a dict."""
        super().update(*members, **named)
        self._changed()

    def setdefault(self, key: str, default: Any = None) -> Any:
        """As of a dict."""
        value = super().setdefault(key, default)
        self._changed()
        return value

    def pop(self, key: str, *default: Any) -> Any:
        """As of a dict."""
        value = super().pop(key, *default)
        self._changed()
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        """As of a dict."""
        super().__setitem__(key, value)
        self._changed()

    def _changed(self) -> None:
        if self._write:
            self._write()


class RecordStore:
    """Records by kind (as in the API: `TrainingJob`, `Endpoint`, ...) and name. Safe to use from many threads.

    A record that is here is written whenever a member of it is set, and read again when the server starts.
    """

    def __init__(self, *, account: str, region: str, faults: Faults, durable: Durable) -> None:
        self.account = account
        self._faults = faults
        self.region = region
        self.lock = threading.RLock()
        self._spelled: dict[tuple[str, str], str] = {}
        self._unseen: set[tuple[str, str]] = set()
        self._durable = durable
        self._kept_records, self._kept_tags = durable.table("sagemaker records"), durable.table("sagemaker tags")
        self._owed: dict[tuple[str, str], Record] = {}
        self._tags: dict[str, dict[str, str]] = dict(self._kept_tags.items())
        self._records: dict[tuple[str, str], Record] = {}
        for place, members in self._kept_records.items():
            kind, name = place.split("\n")
            self._hold(kind, name, members)

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a resource of this account."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{words(kind, '-')}/{name}"

    def create(self, kind: str, request: Record, **members: Any) -> Record:
        """Keep a request as a new record with its ARN, the present as CreationTime, and `members`."""
        name = request[f"{kind}Name"]
        record = {**request, f"{kind}Arn": self.arn(kind, name), "CreationTime": now(), **members}
        return self.add(kind, name, record)

    def require_new(self, kind: str, name: str) -> None:
        """Raise AWS's error of that kind if the name is taken."""
        # Some answers and events spell an ARN in lower case: names that differ in case only would be one resource there.
        if (kind, name.lower()) in self._spelled:
            code, text = _EXISTING.get(kind, ("ValidationException", 'Cannot create already existing {kind} "{arn}".'))
            raise ServiceError(code, text.format(kind=words(kind), arn=self.arn(kind, name)))

    def add(self, kind: str, name: str, record: Record) -> Record:
        """Keep a new record, without its Tags; one that cannot be written is not there. Raises as `require_new`, and ServiceError."""
        arn = self.arn(kind, name)
        with self.lock:
            self.require_new(kind, name)
            tags = {tag["Key"]: tag["Value"] for tag in record.pop("Tags", [])}
            with self._durable.together():
                self._kept_records.put(f"{kind}\n{name}", record)
                self._kept_tags.put(arn, tags)
            self._tags[arn] = tags
            if self._faults.happens(Fault.UNSEEN, kind):
                self._unseen.add((kind, name))
            return self._hold(kind, name, record)

    def find(self, kind: str, name: str) -> Record | None:
        """The record of a name or ARN, or None. The case of an ARN does not matter."""
        known = self._spelled.get((kind, self.name(name).lower()), "") if name.startswith("arn:") else name
        return self._records.get((kind, known))

    def get(self, kind: str, name: str) -> Record:
        """The record of a name or ARN. Raises AWS's error of that kind if there is none."""
        record = self.find(kind, name)
        place = (kind, self.name(name))
        if record is None or place in self._unseen:
            self._unseen.discard(place)
            text = _MISSING.get(kind, 'Could not find {kind} "{arn}".')
            raise validation_error(
                text.format(kind=words(kind), arn=self.arn(kind, self.name(name)), name=self.name(name)),
            )
        return record

    def remove(self, kind: str, name: str) -> None:
        """Take a record out. Raises as `get`."""
        with self.lock:
            self.get(kind, name)
            known = self._spelled[kind, self.name(name).lower()]
            arn = self.arn(kind, known)
            with self._durable.together():
                self._kept_records.remove(f"{kind}\n{known}")
                self._kept_tags.remove(arn)
            del self._spelled[kind, known.lower()]
            gone = self._records.pop((kind, known))
            if isinstance(gone, LiveRecord):
                gone.written_by(None)  # a thread may still change it
            self._owed.pop((kind, known), None)
            self._tags.pop(arn, None)

    def all(self, kind: str) -> list[Record]:
        """Every record of a kind, oldest first."""
        with self.lock:
            return [record for (k, _), record in self._records.items() if k == kind]

    def tag(self, arn: str, tags: Iterable[dict[str, str]]) -> None:
        """Add or replace tags of a resource."""
        with self.lock:
            changed = self._tags.get(arn, {}) | {t["Key"]: t["Value"] for t in tags}
            self._kept_tags.put(arn, changed)
            self._tags[arn] = changed

    def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags of a resource."""
        with self.lock:
            gone = {*keys}
            changed = {key: value for key, value in self._tags.get(arn, {}).items() if key not in gone}
            if arn in self._tags:
                self._kept_tags.put(arn, changed)
                self._tags[arn] = changed

    def tags(self, arn: str) -> list[dict[str, str]]:
        """The tags of a resource, in AWS's list shape."""
        with self.lock:
            return [{"Key": k, "Value": v} for k, v in self._tags.get(arn, {}).items()]

    def save(self) -> None:
        """Write the records that could not be written when they changed. Raises ServiceError where they still cannot."""
        with self.lock:
            for (kind, name), record in list(self._owed.items()):
                self._kept_records.put(f"{kind}\n{name}", record)
                self._owed.pop((kind, name), None)

    def _hold(self, kind: str, name: str, record: Record) -> Record:
        live = record if isinstance(record, LiveRecord) else LiveRecord(record)
        self._records[kind, name] = live
        self._spelled[kind, name.lower()] = name
        live.written_by(lambda: self._put(kind, name, live))
        return live

    def _put(self, kind: str, name: str, record: Record) -> None:
        """A thread that follows a job cannot be told that the disk is full: the record is written as soon as there is room."""
        with self.lock:
            try:
                self._kept_records.put(f"{kind}\n{name}", record)
                self._owed.pop((kind, name), None)
            except ServiceError:
                self._owed[kind, name] = record

    @staticmethod
    def name(name_or_arn: str) -> str:
        """`group/3` of `arn:aws:sagemaker:...:model-package/group/3`; a plain name stays."""
        return name_or_arn.split("/", 1)[1] if name_or_arn.startswith("arn:") else name_or_arn
