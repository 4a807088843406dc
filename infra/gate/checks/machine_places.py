"""Jobs of state machines run as the stage says: disks, spot, tags, role, image; and people are told by the topic of news."""

from collections.abc import Iterator, Mapping
from typing import Any

from contracts.disclosure import VARIABLE, as_variables
from contracts.machines import has_efa
from infra.config import STAGES
from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.job_requests import trial_of
from infra.gate.machines import Definition, integration, machines
from infra.gate.sources import Sources
from infra.settings.stage import Stage

_NAME = "machine places"
_MOST_KEPT = 3600
_TAG = "atelier:stage"
_TAGS = {_TAG, "atelier:owner", "atelier:cost-center"}
_Problems = Iterator[tuple[str, str]]


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    stage = STAGES.get(assembly.stage)
    jobs, hosted = dict[str, list[str]](), _images(assembly)
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            arguments = state.get("Arguments")
            if not isinstance(arguments, Mapping):
                continue
            arguments = trial_of(arguments)
            for wrong, remedy in _state(assembly, state, arguments, hosted):
                yield machine.finding(_NAME, name, wrong, remedy)
            if "Job.sync" in integration(state):
                jobs.setdefault(_image(arguments), []).append(name)
                for wrong, remedy in _job(arguments, stage, name) if stage else ():
                    yield machine.finding(_NAME, name, wrong, remedy)
                yield from _not_hosted(machine, name, arguments, hosted)
    if len(jobs) > 1:
        odd = min(jobs.values(), key=len)
        for machine in machines(assembly):
            for name in (each for each in odd if each in machine.tasks):
                yield machine.finding(
                    _NAME, name, "it runs another image than the other jobs", "Run the training image"
                )


def _image(arguments: Mapping[str, Any]) -> str:
    specification = arguments.get("AppSpecification") or arguments.get("AlgorithmSpecification") or {}
    return str(specification.get("ImageUri") or specification.get("TrainingImage"))


def _images(assembly: Assembly) -> set[str]:
    """What the endpoint's models run."""
    models = assembly.of("AWS::SageMaker::Model")
    return {str(each.properties.get("PrimaryContainer", {}).get("Image")) for each in models}


def _not_hosted(machine: Definition, name: str, arguments: Mapping[str, Any], hosted: set[str]) -> Iterator[Finding]:
    if _image(arguments) in hosted:
        yield machine.finding(_NAME, name, "it runs the image of the model server", "Run the training image")


def _state(assembly: Assembly, state: Mapping[str, Any], arguments: Mapping[str, Any], hosted: set[str]) -> _Problems:
    call = integration(state)
    if call == "sns:publish":
        topics = [each.logical_id for each in assembly.referenced(str(arguments.get("TopicArn")))]
        if not topics or not topics[0].startswith("News"):
            yield (
                f"it tells {', '.join(topics) or 'no topic of the stage'}",
                "Tell the topic of news, which people subscribe to",
            )
    if call.endswith("createModelPackage"):
        containers = arguments.get("InferenceSpecification", {}).get("Containers", [])
        if hosted and not {str(each.get("Image")) for each in containers} <= hosted:
            yield "its package names an image that no endpoint runs", "Name the image of the model server"
    if "Job.sync" in call:
        roles = [each.logical_id for each in assembly.referenced(str(arguments.get("RoleArn")))]
        if not roles or not roles[0].startswith("JobRole"):
            yield f"its job runs as {', '.join(roles) or arguments.get('RoleArn')}", "Use the role of jobs"


def _job(arguments: Mapping[str, Any], stage: Stage, name: str) -> _Problems:
    tags = {str(each.get("Key")): each.get("Value") for each in arguments.get("Tags", []) if isinstance(each, Mapping)}
    # A placement may say an owner and a cost centre besides.
    if tags.get(_TAG) != stage.name or set(tags) - _TAGS:
        yield (
            f"its tags are {tags}, and {_TAG} is not {stage.name}",
            "Send the stage's tags: costs are told apart by them",
        )
    cluster = arguments.get("ResourceConfig") or arguments.get("ProcessingResources", {}).get("ClusterConfig", {})
    pretrains = name == "Train"
    volume = stage.pretraining.volume_gib if pretrains else stage.jobs.volume_gib
    if cluster.get("VolumeSizeInGB") != volume:
        yield (
            f"its disk has {cluster.get('VolumeSizeInGB')} GiB, the stage says {volume}",
            "Take volume_gib of the stage",
        )
    efa = has_efa(str(cluster.get("InstanceType", "ml.m5.xlarge")))
    network = arguments.get("NetworkConfig", arguments)
    if network.get("EnableInterContainerTrafficEncryption") is not (not efa):
        yield (
            f"EnableInterContainerTrafficEncryption is {network.get('EnableInterContainerTrafficEncryption')}",
            "Encrypt what hosts say to each other, but with EFA, which cannot and encrypts by itself",
        )
    provider = arguments.get("Environment", {}).get("FI_PROVIDER")
    if provider != ("efa" if efa else None):
        yield f"FI_PROVIDER is {provider}", "Set it to efa with EFA, and not otherwise"
    meant = as_variables(stage.disclosure.texts) if name in ("FineTune", "Search", "Evaluate") else {}
    if {key: value for key, value in arguments.get("Environment", {}).items() if key.startswith(VARIABLE)} != meant:
        yield f"its environment does not say {meant or 'nothing'} of the disclosure", "Take it from the stage"
    if "ResourceConfig" in arguments:
        yield from _training(arguments, stage, pretrains=pretrains)


def _training(arguments: Mapping[str, Any], stage: Stage, *, pretrains: bool) -> _Problems:
    kept = arguments["ResourceConfig"].get("KeepAlivePeriodInSeconds", 0)
    wanted = stage.pretraining.keep_alive_seconds if pretrains else 0
    if kept != wanted or kept > _MOST_KEPT:
        yield f"its machines are kept for {kept} s, the stage says {wanted}", "Take keep_alive_seconds of the stage"
    spot = bool(arguments.get("EnableManagedSpotTraining", False))
    if spot != (stage.jobs.spot and not pretrains):
        yield f"EnableManagedSpotTraining is {spot}", "Take spot of the stage's jobs"
    limits = arguments.get("StoppingCondition", {})
    if spot != ("MaxWaitTimeInSeconds" in limits):
        yield "MaxWaitTimeInSeconds goes with spot, and with nothing else", "Set both or neither"
