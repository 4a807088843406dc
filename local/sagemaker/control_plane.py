"""The SageMaker API: every request checked against botocore's model, then carried out."""

from collections.abc import Callable
from typing import Any

from local.errors import AWS_ERRORS, ServiceError, validation_error
from local.sagemaker.async_inference import AsyncQueues
from local.sagemaker.backend import Backend
from local.sagemaker.endpoints import EndpointService
from local.sagemaker.images import ImageRegistry
from local.sagemaker.jobs import JobService
from local.sagemaker.listing import list_records
from local.sagemaker.model_check import ApiModel
from local.sagemaker.processing import ProcessingJob
from local.sagemaker.registry import ModelRegistry
from local.sagemaker.runtime import Runtime
from local.sagemaker.serving import model_sources
from local.sagemaker.store import Record, RecordStore, epoch_milliseconds
from local.sagemaker.training import TrainingJob
from local.sagemaker.transfer import list_keys, split_uri

RESOURCES = ("TrainingJob", "ProcessingJob", "Model", "EndpointConfig", "Endpoint", "ModelPackageGroup", "ModelPackage")
_VERBS = ("Create", "Describe", "Update", "Delete", "Stop")


class ControlPlane:
    """The emulated SageMaker service. `dispatch` is safe to call from many threads."""

    def __init__(
        self, backend: Backend, *, scaled: Callable[[str, str], bool], forget_scaling: Callable[[str], None]
    ) -> None:
        self.api = ApiModel("sagemaker")
        self.store = RecordStore(account=backend.account, region=backend.region)
        self._backend = backend
        self._images = ImageRegistry(backend.run_dir)
        self.training = JobService(TrainingJob, backend, self.store, self._images)
        self.processing = JobService(ProcessingJob, backend, self.store, self._images)
        self.endpoints = EndpointService(
            backend, self.store, self._images, scaled=scaled, forget_scaling=forget_scaling
        )
        self.registry = ModelRegistry(self.store, self._announce)
        self.runtime = Runtime(self.endpoints, AsyncQueues(backend, self.endpoints))
        self._actions: dict[str, Callable[[Record], Record | None]] = {
            "CreateTrainingJob": self.training.create,
            "StopTrainingJob": lambda p: self.training.stop(p["TrainingJobName"]),
            "CreateProcessingJob": self.processing.create,
            "StopProcessingJob": lambda p: self.processing.stop(p["ProcessingJobName"]),
            "CreateModel": self._create_model,
            "CreateEndpointConfig": self._create_endpoint_config,
            "CreateEndpoint": self.endpoints.create,
            "UpdateEndpoint": self.endpoints.update,
            "UpdateEndpointWeightsAndCapacities": self.endpoints.resize,
            "DeleteEndpoint": lambda p: self.endpoints.delete(p["EndpointName"]),
            "CreateModelPackageGroup": self.registry.create_group,
            "DeleteModelPackageGroup": lambda p: self.registry.delete_group(p["ModelPackageGroupName"]),
            "CreateModelPackage": self.registry.create,
            "UpdateModelPackage": self.registry.update,
            "DeleteModelPackage": lambda p: self.registry.delete(p["ModelPackageName"]),
            "AddTags": self._add_tags,
            "DeleteTags": lambda p: self.store.untag(p["ResourceArn"], p["TagKeys"]),
            "ListTags": lambda p: {"Tags": self.store.tags(p["ResourceArn"])},
        }

    def dispatch(self, action: str, params: Record) -> Record:
        """Carry out one API call; its answer. Raises ServiceError as the service would answer."""
        self.api.check(action, params)
        return self.api.answer(action, self._carry_out(action, params))

    def _carry_out(self, action: str, params: Record) -> Record | None:
        known = self._actions.get(action)
        if known:
            return known(params)
        verb = next((v for v in ("Describe", "Delete", "List") if action.startswith(v)), "")
        resource = action.removeprefix(verb)
        if verb == "Describe" and resource in RESOURCES:
            return dict(self.store.get(resource, params[f"{resource}Name"]))
        if verb == "Delete" and resource in ("Model", "EndpointConfig"):
            self.store.remove(resource, params[f"{resource}Name"])
            return None
        if verb == "List" and resource.removesuffix("s") in RESOURCES:
            return list_records(self.api.operation(action), self.store.all(resource.removesuffix("s")), params)
        raise ServiceError("UnknownOperationException", f"{action} is not part of the local cloud.")

    def resource_arn(self, action: str, params: Record) -> str:
        """The resource an action is authorized on, for IAM; `*` where it names none."""
        resource = next((action.removeprefix(v) for v in _VERBS if action.startswith(v)), action)
        if action in ("AddTags", "ListTags", "DeleteTags"):
            return str(params.get("ResourceArn", "*"))
        if action == "CreateModelPackage" and "ModelPackageGroupName" in params:
            return self.store.arn("ModelPackage", f"{RecordStore.name(params['ModelPackageGroupName'])}/*")
        if resource == "ModelPackage":
            return str(params.get("ModelPackageArn") or params.get("ModelPackageName", "*"))
        kind = resource if resource in RESOURCES else "Endpoint"
        name = params.get(f"{kind}Name")
        return self.store.arn(kind, RecordStore.name(str(name))) if name else "*"

    def _create_model(self, request: Record) -> Record:
        containers = request.get("Containers") or [request["PrimaryContainer"]] if _one_container(request) else []
        role = request.get("ExecutionRoleArn")
        if role is None:
            raise validation_error("ExecutionRoleArn: got nothing; the local cloud allows models with a role only")
        self._backend.role_credentials(role)
        for container in containers:
            if "Image" in container:
                self._images.resolve(container["Image"])
            for source in model_sources(container):
                self._check_model_data(source, role)
        return self.store.create("Model", request)

    def _check_model_data(self, source: Record, role: str) -> None:
        """CreateModel looks at the data with the model's role, and so do we."""
        uri = source["S3Uri"]
        if source["S3DataType"] == "S3Prefix" and not uri.endswith("/"):
            raise validation_error(f"S3Uri of an S3Prefix: got {uri!r}; allowed: a prefix that ends with a slash")
        s3 = self._backend.client("s3", role)
        bucket, key = split_uri(uri)
        try:
            if source["S3DataType"] == "S3Prefix":
                exists = next(list_keys(s3, uri), None) is not None
            else:
                exists = bool(s3.head_object(Bucket=bucket, Key=key))
        except AWS_ERRORS as error:
            raise validation_error(
                f'Could not access model data at {uri}. Please ensure that the role "{role}" exists and that its trust '
                'relationship policy allows the action "sts:AssumeRole" for the service principal '
                '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the object '
                f"is located in {self._backend.region}. {error}",
            ) from error
        if not exists:
            raise validation_error(f"Could not find model data at {uri}.")

    def _create_endpoint_config(self, request: Record) -> Record:
        for variant in request["ProductionVariants"]:
            if "ModelName" not in variant:
                raise validation_error("ProductionVariants.ModelName: got nothing; the local cloud allows models only")
            self.store.get("Model", variant["ModelName"])
        return self.store.create("EndpointConfig", request)

    def _add_tags(self, params: Record) -> Record:
        self.store.tag(params["ResourceArn"], params["Tags"])
        return {"Tags": self.store.tags(params["ResourceArn"])}

    def _announce(self, detail_type: str, detail: Record, arn: str) -> None:
        event: dict[str, Any] = epoch_milliseconds({**detail, "Tags": {}})
        self._backend.publish(detail_type, event, [arn])


def _one_container(request: Record) -> bool:
    """Whether the model has exactly one container. Raises ValidationException where it has none or several."""
    containers = len(request.get("Containers", [])) + ("PrimaryContainer" in request)
    if containers != 1:
        raise validation_error(f"Containers: got {containers}; the local cloud allows exactly one")
    return True
