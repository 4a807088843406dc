"""The SageMaker API: every request checked against botocore's model, then carried out."""

from collections.abc import Callable, Iterator
from itertools import chain

from local.autoscaling import ApplicationAutoScaling
from local.clock import TurnedClock
from local.errors import AWS_ERRORS, ServiceError, validation_error
from local.faults import Fault
from local.sagemaker import rules
from local.sagemaker.async_inference import TABLE, AsyncQueues
from local.sagemaker.backend import Backend
from local.sagemaker.capacity import Capacity, Machines
from local.sagemaker.endpoints import EndpointService
from local.sagemaker.images import ImageRegistry
from local.sagemaker.jobs import JobService
from local.sagemaker.listing import list_records
from local.sagemaker.metrics import EndpointMetrics, Put
from local.sagemaker.model_check import ApiModel
from local.sagemaker.model_data import model_source, require_slash
from local.sagemaker.networks import check_network
from local.sagemaker.processing import ProcessingJob
from local.sagemaker.registry import ModelRegistry
from local.sagemaker.runtime import Runtime
from local.sagemaker.store import Record, RecordStore
from local.sagemaker.training import TrainingJob
from local.sagemaker.transfer import list_keys, split_uri
from local.sagemaker.tuning import KIND as TUNING
from local.sagemaker.tuning import TuningService

RESOURCES = (
    TUNING,
    "TrainingJob",
    "ProcessingJob",
    "Model",
    "EndpointConfig",
    "Endpoint",
    "ModelPackageGroup",
    "ModelPackage",
)
_VERBS = ("Create", "Describe", "Update", "Delete", "Stop")


class ControlPlane:
    """The emulated SageMaker service. `dispatch` is safe to call from many threads; `put` keeps a value of a metric."""

    def __init__(self, backend: Backend, scaling: ApplicationAutoScaling, clock: TurnedClock, put: Put) -> None:
        self.api = ApiModel("sagemaker")
        place = {"account": backend.account, "region": backend.region}
        self.store = RecordStore(**place, faults=backend.faults, durable=backend.durable)
        self._backend, self.run_dir = backend, backend.run_dir
        self.images = ImageRegistry(lambda: backend.root("ecr"), backend.run_dir / "images", backend.environment)
        capacity = Capacity(backend.faults, self._machines)
        self.training = JobService(TrainingJob, backend, self.store, self.images, capacity)
        self.processing = JobService(ProcessingJob, backend, self.store, self.images, capacity)
        self.tuning = TuningService(backend, self.store, self.training, capacity, self._check_trial)
        self.endpoints = EndpointService(backend, self.store, self.images, scaling, capacity, clock)
        self.registry = ModelRegistry(backend, self.store)
        metrics = EndpointMetrics(put, clock)
        self._queues = queues = AsyncQueues(backend, self.endpoints, metrics, clock, backend.durable.table(TABLE))
        self.runtime = Runtime(self.endpoints, queues, metrics, clock)
        self._actions: dict[str, Callable[[Record], Record | None]] = {
            "CreateTrainingJob": self.training.create,
            "StopTrainingJob": lambda p: self.training.stop(p["TrainingJobName"]),
            "CreateProcessingJob": self.processing.create,
            "StopProcessingJob": lambda p: self.processing.stop(p["ProcessingJobName"]),
            "CreateHyperParameterTuningJob": self.tuning.create,
            "DescribeHyperParameterTuningJob": lambda p: self.tuning.describe(p[f"{TUNING}Name"]),
            "StopHyperParameterTuningJob": lambda p: self.tuning.stop(p[f"{TUNING}Name"]),
            "ListTrainingJobsForHyperParameterTuningJob": self.tuning.list_trials,
            "CreateModel": self._create_model,
            "CreateEndpointConfig": self._create_endpoint_config,
            "CreateEndpoint": self.endpoints.create,
            "UpdateEndpoint": self.endpoints.update,
            "UpdateEndpointWeightsAndCapacities": self.endpoints.resize,
            "DeleteEndpoint": lambda p: self.endpoints.delete(p["EndpointName"]),
            "CreateModelPackageGroup": lambda p: self.store.create(
                "ModelPackageGroup", p, ModelPackageGroupStatus="Completed"
            ),
            "DeleteModelPackageGroup": lambda p: self.registry.delete_group(p["ModelPackageGroupName"]),
            "CreateModelPackage": self.registry.create,
            "UpdateModelPackage": self.registry.update,
            "AddTags": self._add_tags,
            "DeleteTags": lambda p: self.store.untag(p["ResourceArn"], p["TagKeys"]),
            "ListTags": lambda p: {"Tags": self.store.tags(p["ResourceArn"])},
        }

    def resume(self) -> None:
        """Start the model servers of the endpoints again, and the jobs that had not ended. To be called when requests are answered."""
        self.endpoints.resume()
        self.training.resume()
        self.processing.resume()
        self.tuning.resume()
        self._queues.resume()

    def dispatch(self, action: str, params: Record) -> Record:
        """Carry out one API call; its answer. Raises ServiceError as the service would answer."""
        if self._backend.faults.happens(Fault.THROTTLED, action):
            raise ServiceError("ThrottlingException", "Rate exceeded")
        self.api.check(action, params)
        rules.check(action, params)
        check_network(self._backend, params.get("TrainingJobDefinition", params))
        return self.api.answer(action, self._carry_out(action, params))

    def _carry_out(self, action: str, params: Record) -> Record | None:
        known = self._actions.get(action)
        if known:
            return known(params)
        verb = next((v for v in ("Describe", "Delete", "List") if action.startswith(v)), "")
        resource = action.removeprefix(verb)
        if verb == "Describe" and resource in RESOURCES:
            return dict(self.store.get(resource, params[f"{resource}Name"]))
        if verb == "Delete" and resource in ("Model", "EndpointConfig", "ModelPackage"):
            self.store.remove(resource, params[f"{resource}Name"])
            return None
        if verb == "List" and (kind := resource.removesuffix("s")) in RESOURCES:
            return list_records(self.api.operation(action), kind, self.store.all(kind), params)
        raise ServiceError("UnknownOperationException", f"{action} is not part of the local cloud.")

    def resource_arn(self, action: str, params: Record) -> str:
        """The resource an action is authorized on, for IAM; `*` where it names none."""
        resource = next((action.removeprefix(v) for v in _VERBS if action.startswith(v)), action)
        if action == "ListTrainingJobsForHyperParameterTuningJob":
            resource = TUNING
        if action in ("AddTags", "ListTags", "DeleteTags"):
            return str(params.get("ResourceArn", "*"))
        if action in ("CreateModelPackage", "ListModelPackages") and "ModelPackageGroupName" in params:
            return self.store.arn("ModelPackage", f"{RecordStore.name(params['ModelPackageGroupName'])}/*")
        if resource == "ModelPackage":
            return str(params.get("ModelPackageArn") or params.get("ModelPackageName", "*"))
        kind = resource if resource in RESOURCES else "Endpoint"
        name = params.get(f"{kind}Name")
        return self.store.arn(kind, RecordStore.name(str(name))) if name else "*"

    def _machines(self) -> Iterator[Machines]:
        """Every instance that runs or is being started."""
        return chain(self.training.machines(), self.processing.machines(), self.endpoints.machines())

    def _create_model(self, request: Record) -> Record:
        containers = [
            *request.get("Containers", []),
            *([request["PrimaryContainer"]] if "PrimaryContainer" in request else []),
        ]
        if len(containers) != 1:
            raise validation_error(f"Containers: got {len(containers)}; the local cloud allows exactly one")
        container, role = containers[0], request.get("ExecutionRoleArn")
        if role is None:
            raise validation_error("ExecutionRoleArn: got nothing; the local cloud allows models with a role only")
        self._backend.role_credentials(role)
        if "Image" in container:
            self.images.resolve(container["Image"])
        if source := model_source(container):
            self._check_model_data(source, role)
        return self.store.create("Model", request)

    def _check_model_data(self, source: Record, role: str) -> None:
        """CreateModel looks at the data with the model's role, and so do we."""
        require_slash(source)
        uri, is_prefix = source["S3Uri"], source["S3DataType"] == "S3Prefix"
        s3 = self._backend.client("s3", role)
        bucket, key = split_uri(uri)
        try:
            found = any(list_keys(s3, uri)) if is_prefix else s3.head_object(Bucket=bucket, Key=key)
        except AWS_ERRORS as error:
            raise validation_error(
                f'Could not access model data at {uri}. Please ensure that the role "{role}" exists and that its trust '
                'relationship policy allows the action "sts:AssumeRole" for the service principal '
                '"sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" permissions and that the object '
                f"is located in {self._backend.region}. {error}",
            ) from error
        if not found:
            raise validation_error(f"Could not find model data at {uri}.")

    def _check_trial(self, request: Record) -> None:
        """Raise ServiceError for what SageMaker would refuse of a training job that a tuning job is to make."""
        self.api.check("CreateTrainingJob", request)
        rules.check("CreateTrainingJob", request)

    def _create_endpoint_config(self, request: Record) -> Record:
        for variant in request["ProductionVariants"]:
            if "ModelName" not in variant:
                raise validation_error("ProductionVariants.ModelName: got nothing; the local cloud allows models only")
            self.store.get("Model", variant["ModelName"])
        return self.store.create("EndpointConfig", request)

    def _add_tags(self, params: Record) -> Record:
        self.store.tag(params["ResourceArn"], params["Tags"])
        return {"Tags": self.store.tags(params["ResourceArn"])}
