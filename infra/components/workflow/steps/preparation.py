"""The first step of each machine: it checks the input and decides everything that later steps need."""

from collections.abc import Mapping
from dataclasses import replace

from contracts.layout import BEFORE, RESUMPTION, TAKEN_UP
from infra.components.access import Statement, allow, arn, keeping, reading, writing
from infra.components.attributes import bucket_name, table_arn, table_name
from infra.components.handler import Spec
from infra.components.workflow.resources import Resources
from infra.components.workflow.resumable import Resumable
from infra.components.workflow.step import Step
from infra.components.workflow.steps.ending import on_jobs
from infra.components.workflow.steps.publication import PROMOTED
from models.catalogue import find

NO_LUSTRE = NO_MODEL = "none"

PREPARED = ("notes",)
"""What Prepare leaves behind beside the plan."""


def prepare(use: Resources, rest: Resumable) -> Step:
    """Check the input and its dataset; ``rest`` is the flow that the plan is for."""
    stage = use.stage
    environment = {
        "DEFAULT_BASE_MODEL": stage.default_model.reference,
        "BASE_MODELS": ",".join(find(name).reference for name in stage.base_models),
        "SEGMENTER": stage.segmenter_model.reference,
        "UPSCALER": stage.upscaler_model.reference if stage.upscaler_model else NO_MODEL,
        "CAPTIONER": stage.captioner_model.reference if stage.captioner_model else NO_MODEL,
        "TABLE_NAME": table_name(use.table),
        "CONSENT": stage.people.consent,
        "COMMERCIAL": str(stage.licences.commercial).lower(),
    }
    published = ("styles/*/manifest.json", PROMOTED)
    machine = use.machine_names[0]
    spec = _spec(use, "prepare", environment, machine=machine, published=published, seconds=240, memory_mib=1024)
    # Whom a run shows that somebody started by hand.
    noting = [keeping(use.table), [allow(["dynamodb:BatchGetItem"], [table_arn(use.table)])]]
    # Class pictures that earlier runs painted become this run's, and what the base model painted to compare with.
    lent = ("checkpoints/*/class_pictures/*", f"checkpoints/*/{BEFORE}/*", f"runs/*/{BEFORE}/*")
    sharing = [reading(use.data_bucket, *lent, "runs/*/evaluate/*"), writing(use.data_bucket, *lent)]
    return _prepare(use, rest, replace(spec, grants=[*spec.grants, *noting, *sharing]))


def prepare_pretraining(use: Resources, rest: Resumable) -> Step:
    """The same for a data set of captioned pictures, of which there may be a million."""
    stage, config = use.stage, use.stage.pretraining
    lustre = config.lustre
    environment = {
        "BASE_MODELS": ",".join(entry.reference for entry in stage.models),
        "SHARD_INSTANCES": str(config.shard_instances),
        "TRAIN_INSTANCES": str(config.train_instances),
        "INPUT_MODE": config.input_mode,
        "LUSTRE": f"{lustre.file_system}:{lustre.directory}" if lustre else NO_LUSTRE,
    }
    # S3 takes about two minutes to list a million pictures, and the list takes about 700 MB.
    spec = _spec(
        use,
        "prepare_pretraining",
        environment,
        machine=use.machine_names[1],
        published=("base/*/manifest.json",),
        seconds=840,
        memory_mib=2048,
    )
    return _prepare(use, rest, spec)


def _spec(
    use: Resources,
    name: str,
    environment: Mapping[str, str],
    *,
    machine: str,
    published: tuple[str, ...],
    seconds: int,
    memory_mib: int,
) -> Spec:
    """``machine`` is the one that it prepares runs for; ``published`` is where what earlier runs published says what it is."""
    shared = {
        "DATA_BUCKET": bucket_name(use.data_bucket),
        "MODEL_BUCKET": bucket_name(use.model_bucket),
        "NAME_PREFIX": use.stage.prefix,
        "RELEASE_RULES": use.stage.release_rules,
        "SAFETY_RULES": use.stage.safety.text,
    }
    return Spec(
        name=name,
        environment=shared | dict(environment),
        grants=[
            reading(use.data_bucket, "datasets/*", f"runs/*/{RESUMPTION}", f"runs/*/{TAKEN_UP}"),
            writing(use.data_bucket, f"runs/*/{TAKEN_UP}"),
            _looking_back(use, machine),
            reading(use.model_bucket, *dict.fromkeys(("base/*/manifest.json", *published))),
            [allow(["sagemaker:DescribeModelPackage"], [arn("sagemaker", f"model-package/{use.stage.prefix}-*")])],
        ],
        seconds=seconds,
        memory_mib=memory_mib,
    )


def _looking_back(use: Resources, machine: str) -> list[Statement]:
    """See how far an execution came that is taken up, and whether a job of it still runs."""
    calls = ["states:DescribeExecution", "states:GetExecutionHistory"]
    return [allow(calls, [arn("states", f"execution:{machine}:*")]), *on_jobs(use, "Describe")]


def _prepare(use: Resources, rest: Resumable, spec: Spec) -> Step:
    jobs = {step.job.key: {**_place(step.name, rest), **step.job.facts} for step in rest.steps if step.job}
    return use.handlers.call(
        spec,
        name="Prepare",
        does="Check the input and the data set, and decide everything that later steps need",
        payload={
            "input": "{% $states.context.Execution.Input %}",
            "execution": "{% $states.context.Execution.Name %}",
            "machine": "{% $states.context.StateMachine.Id %}",
            "jobs": jobs,
            "points": rest.points,
        },
        assign={"plan": "{% $states.result.Payload %}", "notes": "{% $states.result.Payload.notes %}"},
        knows_plan=False,
    )


def _place(state: str, rest: Resumable) -> dict[str, str]:
    """A job's state, and where it is no point itself, the one from which a later run takes it up."""
    point = rest.point(state)
    return {"state": state} | ({"at": point} if point != state else {})
