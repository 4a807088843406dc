"""Models, endpoints and jobs: prefixes as hosting wants them, what they need is there first, machines exist and run the image."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

from contracts.machines import GPU_AMI, has_gpu, has_nvme, runs_our_images
from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.checks.machine_requests import requests
from infra.gate.finding import Finding
from infra.gate.job_requests import trial_of
from infra.gate.location import Location
from infra.gate.machines import Definition, machines
from infra.gate.requests import problems
from infra.gate.services import request_shape
from infra.gate.sold import HOSTING, PROCESSING, sold
from infra.gate.sources import Sources
from infra.gate.values import realistic

_NAME = "hosting"
_TRAINING = "CreateTrainingJob"
_OPERATIONS = {
    "AWS::SageMaker::Model": "CreateModel",
    "AWS::SageMaker::EndpointConfig": "CreateEndpointConfig",
    "AWS::SageMaker::Endpoint": "CreateEndpoint",
}
_CHOSEN = {"ModelName", "EndpointConfigName", "EndpointName"}
"""Names that CloudFormation chooses."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for resource in assembly.of(*_OPERATIONS):
        yield from _taken(assembly, resource)
    for model in assembly.of("AWS::SageMaker::Model"):
        for wrong, remedy in _model(assembly, model):
            yield model.finding(_NAME, wrong, remedy)
    for config in assembly.of("AWS::SageMaker::EndpointConfig"):
        for wrong, remedy in (*_variants(assembly, config), *_asynchronous(assembly, config)):
            yield config.finding(_NAME, wrong, remedy)
    yield from _jobs(assembly)


def _taken(assembly: Assembly, resource: Resource) -> Iterator[Finding]:
    """CloudFormation hands these properties to the API as they are."""
    operation = _OPERATIONS[resource.kind]
    shape = request_shape("sagemaker", operation)
    request = realistic(assembly, dict(resource.properties))
    chosen = dict.fromkeys(_members(shape) & _CHOSEN - set(request), "chosen")
    if shape is not None:
        for problem in problems(request | chosen, shape):
            yield resource.finding(_NAME, problem, f"Set what {operation} takes")


def _members(shape: Shape | None) -> set[str]:
    return set(shape.members) if isinstance(shape, StructureShape) else set()


def _model(assembly: Assembly, model: Resource) -> Iterator[tuple[str, str]]:
    container = model.properties.get("PrimaryContainer", {})
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    uri = str(source.get("S3Uri"))
    if source.get("S3DataType") == "S3Prefix" and not uri.endswith("/"):
        yield f"its S3Uri {uri} does not end in a slash, which hosting refuses", "End the prefix in a slash"
    if (source.get("S3DataType"), source.get("CompressionType")) != ("S3Prefix", "None"):
        yield f"its weights are {dict(source)}", "They are files as they are: S3Prefix and CompressionType None"
    if "/base/" not in uri or "@" not in uri:
        yield f"its S3Uri {uri} is no mirrored base model", "Name base/NAME@REVISION/ of the model bucket"
    if model.properties.get("EnableNetworkIsolation"):
        yield "it has no network, and the server fetches adapters while it runs", "Remove EnableNetworkIsolation"
    needs = {f"{model.stack}/{each}" for each in model.body.get("DependsOn", [])}
    missing = {each.name for each in assembly.of("Custom::BaseModel") if each.stack == model.stack} - needs
    if missing:
        yield f"it is made before {', '.join(sorted(missing))}", "Let it depend on every base model"
    role = _names(assembly, model.properties.get("ExecutionRoleArn"))
    attached = (
        each for each in assembly.of("AWS::IAM::Policy") if role & _names(assembly, each.properties.get("Roles"))
    )
    policies = {each.name for each in attached}
    if policies - needs:
        yield f"it is made before its role's policy {', '.join(sorted(policies - needs))}", "Let it depend on the role"


def _names(assembly: Assembly, node: Any) -> set[str]:
    return {each.name for each in assembly.referenced(node)}


def _variants(assembly: Assembly, config: Resource) -> Iterator[tuple[str, str]]:
    for variant in config.properties.get("ProductionVariants", []):
        for kind in _kinds(variant):
            yield from _machine(assembly.location, config, variant, kind)
        if not any(each.kind == "AWS::SageMaker::Model" for each in assembly.referenced(variant.get("ModelName", ""))):
            yield f"its ModelName {variant.get('ModelName')} is no model of the stage", "Name the model"
        if assembly.stage in STAGES:
            serving = STAGES[assembly.stage].serving.in_region(assembly.location.pinned_region)
            wanted = [serving.instance, *serving.fallbacks]
            if _kinds(variant) != wanted:
                wrong = f"it runs on {', '.join(_kinds(variant))}, the stage says {', '.join(wanted)}"
                yield wrong, "Take them from the stage's Serving, in its order"


def _kinds(variant: Mapping[str, Any]) -> list[str]:
    """The instance types of a variant, in the order in which they are tried."""
    pools = sorted(variant.get("InstancePools", []), key=lambda pool: int(pool["Priority"]))
    return [str(pool["InstanceType"]) for pool in pools] or [str(variant.get("InstanceType"))]


def _machine(here: Location, config: Resource, variant: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    yield from machine(kind, "as an endpoint")
    yield from _sold(here, HOSTING, kind, "another type in serving.elsewhere")
    if has_nvme(kind) and "KmsKeyId" in config.properties:
        yield (
            f"SageMaker refuses a KmsKeyId with {kind}, which has disks of its own",
            "Leave it out (contracts.machines.volume_key)",
        )
    if not has_nvme(kind) and "KmsKeyId" not in config.properties:
        yield (
            f"the volumes of {kind} are not encrypted with the stage's key",
            "Set KmsKeyId (contracts.machines.volume_key)",
        )
    ami = variant.get("InferenceAmiVersion")
    if ami != (GPU_AMI if has_gpu(kind) else None):
        yield (
            f"{kind} gets the AMI {ami}, whose driver does not fit the image",
            f"Use {GPU_AMI} for GPUs, and none without",
        )


def _asynchronous(assembly: Assembly, config: Resource) -> Iterator[tuple[str, str]]:
    stage = STAGES.get(assembly.stage)
    real_time = stage.serving.is_real_time if stage else False
    settings = config.properties.get("AsyncInferenceConfig", {})
    if ("AsyncInferenceConfig" in config.properties) == real_time:
        wrong = f"it has {'a' if settings else 'no'} queue, and the stage's endpoints are {'real-time' if real_time else 'asynchronous'}"
        yield wrong, "Set AsyncInferenceConfig where serving.kind is asynchronous, and only there"
    if real_time:
        return
    output, media = settings.get("OutputConfig", {}), "BucketsMedia"
    for key, folder in (("S3OutputPath", "responses"), ("S3FailurePath", "failures")):
        path = str(output.get(key))
        if media not in path or not path.endswith(f"/{folder}/"):
            yield (
                f"its {key} is {path}",
                f"Write to {folder}/ of the media bucket, which the role may and handlers read",
            )
    told = output.get("NotificationConfig", {})
    topics = [name for key in ("SuccessTopic", "ErrorTopic") for name in sorted(_names(assembly, told.get(key)))]
    if len(set(topics)) != 2:
        yield (
            f"it tells {', '.join(topics) or 'nobody'} of answers and failures",
            "Name a SuccessTopic and an ErrorTopic",
        )
    if not assembly.referenced(output.get("KmsKeyId", "")):
        yield "its answers are not encrypted with the stage's key", "Set OutputConfig.KmsKeyId"


def _jobs(assembly: Assembly) -> Iterator[Finding]:
    """The machines of the jobs that the state machines start."""
    for each in machines(assembly):
        for name, operation, request in _asked(assembly, each):
            cluster = request.get("ResourceConfig") or request.get("ProcessingResources", {}).get("ClusterConfig")
            if not isinstance(cluster, Mapping):
                continue
            for wrong, remedy in (
                *machine(str(cluster.get("InstanceType")), "for a job"),
                *_sold_for_jobs(assembly.location, operation, str(cluster.get("InstanceType"))),
                *_job(cluster, operation, request),
            ):
                yield each.finding(_NAME, name, wrong, remedy)


def _asked(assembly: Assembly, each: Definition) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What states ask for; a tuning job as each of its training jobs."""
    for name, operation, request in requests(assembly, each):
        yield name, _TRAINING if operation == "CreateHyperParameterTuningJob" else operation, trial_of(request)


def _job(cluster: Mapping[str, Any], operation: str, request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kind = str(cluster.get("InstanceType"))
    if has_nvme(kind) == ("VolumeKmsKeyId" in cluster):
        wrong = "is refused" if has_nvme(kind) else "is missing"
        yield f"VolumeKmsKeyId {wrong} for {kind}", "Follow contracts.machines.volume_key"
    output = request.get("OutputDataConfig") or request.get("ProcessingOutputConfig") or {}
    if "KmsKeyId" not in output:
        yield "what it writes is not encrypted with the stage's key", "Set KmsKeyId of its output"
    network = request if operation == _TRAINING else request.get("NetworkConfig", {})
    if network.get("EnableNetworkIsolation") is False or "EnableNetworkIsolation" not in network:
        yield "its container can reach the network", "Set EnableNetworkIsolation"
    if operation == _TRAINING:
        if output.get("CompressionType") != "NONE":
            yield "its artifact is compressed, and hosting reads files as they are", "Set CompressionType NONE"
        if request.get("EnableManagedSpotTraining") and not request.get("CheckpointConfig", {}).get("S3Uri"):
            yield "a spot job without checkpoints starts anew after each interruption", "Set CheckpointConfig"


def machine(kind: str, use: str) -> Iterator[tuple[str, str]]:
    """What is wrong with an instance type for one of our images."""
    known = _instance_types(use)
    if known and kind not in known:
        yield f"there is no {kind} {use}", "Name a type of SageMaker's own list"
    elif not runs_our_images(kind):
        yield f"{kind} cannot run our images", "Name a type with x86 processors and, if any, GPUs of CUDA 13"


def _sold_for_jobs(here: Location, operation: str, kind: str) -> Iterator[tuple[str, str]]:
    if operation == "CreateProcessingJob":
        yield from _sold(here, PROCESSING, kind, "another type of the stage's jobs")


def _sold(here: Location, use: str, kind: str, instead: str) -> Iterator[tuple[str, str]]:
    known = sold(use, here.pinned_region)
    if known and kind not in known:
        wrong = f"AWS sells no {kind} for {use} in {here.pinned_region}, by its price list"
        yield wrong, f"Choose another region, or {instead}"


def _instance_types(use: str) -> set[str]:
    shape: Shape | None = request_shape("sagemaker", "CreateEndpointConfig")
    if use != "as an endpoint" or not isinstance(shape, StructureShape):
        return set()
    variants = shape.members["ProductionVariants"]
    member = variants.member if isinstance(variants, ListShape) else None
    return set(member.members["InstanceType"].metadata["enum"]) if isinstance(member, StructureShape) else set()
