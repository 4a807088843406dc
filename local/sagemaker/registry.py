"""The model registry: package groups, versions, approval."""

from local.errors import ServiceError, validation_error
from local.sagemaker.backend import Backend
from local.sagemaker.model_data import model_source, require_slash
from local.sagemaker.store import Record, RecordStore, now

GROUP = "ModelPackageGroup"
PACKAGE = "ModelPackage"
_UPDATABLE = ("ModelApprovalStatus", "ApprovalDescription", "ModelCard", "InferenceSpecification", "SourceUri")


class ModelRegistry:
    """Model package groups and their versions."""

    def __init__(self, backend: Backend, store: RecordStore) -> None:
        self._backend, self._store = backend, store

    def delete_group(self, name: str) -> None:
        """DeleteModelPackageGroup. Raises ConflictException while versions are left."""
        group = self._store.get(GROUP, name)
        if self.versions(group["ModelPackageGroupName"]):
            raise ServiceError(
                "ConflictException", f"Model Package Group {group['ModelPackageGroupArn']} has model packages."
            )
        self._store.remove(GROUP, name)

    def versions(self, group: str) -> list[Record]:
        """The packages of a group, oldest first."""
        return [p for p in self._store.all(PACKAGE) if p.get("ModelPackageGroupName") == group]

    def create(self, request: Record) -> Record:
        """CreateModelPackage: a new version of a group, PendingManualApproval unless the request says otherwise.

        A ClientToken that made one gives the same one again.
        """
        if ("ModelPackageGroupName" in request) == ("ModelPackageName" in request):
            raise validation_error("Exactly one of ModelPackageGroupName and ModelPackageName must be given.")
        for container in request.get("InferenceSpecification", {}).get("Containers", []):
            if source := model_source(container):
                require_slash(source)
        record = {
            **request,
            "ModelPackageStatus": "Completed",
            "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
            "CreationTime": now(),
        }
        with self._store.lock:
            if (made := self._made_by(request.get("ClientToken"))) is not None:
                return made
            name = request.get("ModelPackageName") or self._number(record)
            record["ModelPackageArn"] = self._store.arn(PACKAGE, name)
            self._store.add(PACKAGE, name, record)
        self._announce(record)
        return record

    def _made_by(self, token: str | None) -> Record | None:
        packages = self._store.all(PACKAGE) if token else []
        return next((package for package in packages if package.get("ClientToken") == token), None)

    def _number(self, record: Record) -> str:
        named = RecordStore.name(record["ModelPackageGroupName"])
        found = self._store.find(GROUP, named)
        if found is None:
            raise validation_error(f"Model Package Group {self._store.arn(GROUP, named)} does not exist.")
        group = str(found["ModelPackageGroupName"])
        version = 1 + max((p["ModelPackageVersion"] for p in self.versions(group)), default=0)
        record.setdefault("ModelApprovalStatus", "PendingManualApproval")
        record.update(ModelPackageGroupName=group, ModelPackageVersion=version)
        return f"{group}/{version}"

    def update(self, request: Record) -> Record:
        """UpdateModelPackage: approval, its description, and the customer's metadata."""
        record = self._store.get(PACKAGE, request["ModelPackageArn"])
        with self._store.lock:
            metadata = {**record.get("CustomerMetadataProperties", {}), **request.get("CustomerMetadataProperties", {})}
            for key in request.get("CustomerMetadataPropertiesToRemove", []):
                metadata.pop(key, None)
            record.update({k: request[k] for k in _UPDATABLE if k in request}, LastModifiedTime=now())
            if metadata:
                record["CustomerMetadataProperties"] = metadata
        self._announce(record)
        return record

    def _announce(self, record: Record) -> None:
        # AWS adds the name, which is the group's for a version.
        name = record.get("ModelPackageGroupName") or record.get("ModelPackageName")
        self._backend.announce("Model Package", {"ModelPackageName": name, **record}, record["ModelPackageArn"])
