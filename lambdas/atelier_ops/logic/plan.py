"""Turning an execution's input into its plan: everything later states need, decided and checked once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from atelier_ops.gateways.records import Records
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.baseline import thresholds
from atelier_ops.logic.bases import base_uri, find_base, read_manifest, terms_of
from atelier_ops.logic.dataset import Dataset, no_instance_prompt, read_dataset
from atelier_ops.logic.names import LONGEST_ARGUMENT, bounded, in_parts, require_registrable, run_folders, run_jobs
from atelier_ops.logic.needs import needs
from atelier_ops.logic.people.run_people import ask_consent, is_noted, note_person
from atelier_ops.logic.search_plan import jobs_of, plan_search, searched
from atelier_ops.logic.style_terms import check_terms
from contracts.artifact import BaseManifest
from contracts.dataset import CLASS_PICTURES
from contracts.errors import InvalidInputError
from contracts.execution import NOT_OF_UPSCALERS, UPSCALE, ExecutionInput
from contracts.families import FAMILIES, FamilyFacts
from contracts.hyperparameters import Hyperparameters
from contracts.layout import style_prefix
from contracts.metrics import require_measured
from contracts.people import ConsentRule
from contracts.plan import FineTuningPlan
from contracts.prompts import readings
from contracts.release import ReleaseRules
from contracts.safety.rules import CLOSED, SafetyRules
from contracts.safety.training import check_dataset, check_training
from contracts.search import heaviest
from contracts.strings import as_string
from contracts.training_time import RunEstimate

LONGEST_HYPERPARAMETER = 2_500
"""Characters SageMaker takes as the value of one hyperparameter."""


NO_MODEL = "none"
"""In place of ``name@revision``, of a stage without an upscaler or a captioner."""

_ASKED = ("captions", "preflight")
_GIVEN = ("style", "task", "target", "method", "deploy", "promote", "approval", "licence", "commercial", *_ASKED)
"""What a plan has as the input says it."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What the stage has: buckets and a table, the base models it mirrored (``name@revision``), a segmenter, an upscaler, a captioner;
    and what it asks of runs.

    Its pictures are used commercially where it is ``commercial``.
    """

    data: ObjectStore
    models: ObjectStore
    name_prefix: str
    base_models: tuple[str, ...]
    default_base_model: str
    segmenter: str
    rules: ReleaseRules
    records: Records
    commercial: bool
    upscaler: str = NO_MODEL
    captioner: str = NO_MODEL
    safety: SafetyRules = CLOSED
    consent: ConsentRule = "optional"


def make_plan(
    body: object, execution: str, jobs: Mapping[str, Mapping[str, Any]], dependencies: Dependencies
) -> FineTuningPlan:
    """The plan of one execution of a machine with these ``jobs``. Raises InvalidInputError naming the first thing that is wrong."""
    require_registrable(execution)
    request = dependencies.rules.apply(ExecutionInput.from_json(body))
    check_training(request, dependencies.safety)
    ask_consent(request, execution, dependencies.consent, dependencies.records)
    base = _base_model(request, dependencies)
    check_terms(request.commercial, base, commercial_stage=dependencies.commercial, where="input.commercial")
    masks = request.task == "inpaint"
    looks = masks or request.captions == "automatic"
    segmenter = read_manifest(dependencies.segmenter, dependencies.models) if looks else None
    embeds = masks and segmenter is not None and segmenter.contrastive
    enlarges = request.task == UPSCALE
    require_measured("input.gate", request.thresholds, masks=masks, embeds=embeds, enlarges=enlarges)
    dataset = read_dataset(request.dataset, dependencies.data)
    check_dataset(dataset.info, dataset.captions.words, dependencies.safety)
    settings = _settings(request, base)
    most = heaviest(request.search, settings)
    _require_trainable(request, base, most)
    search = plan_search(request, dataset, settings, jobs)
    taken = needs(base, request.method, most, dataset.size, dependencies.models)
    captioner = dependencies.captioner if request.captions == "automatic" else NO_MODEL
    said = captioner != NO_MODEL
    expected = taken.estimate(len(dataset.files.pictures), jobs, request.search, captioned=said) if taken else None
    jobs = jobs_of(request, jobs)
    prompts = _prompts(request, dataset, settings)
    prefix = dependencies.name_prefix
    gate, comparison = thresholds(request, dataset.sha256, dependencies.models)
    plan = {
        "execution": execution,
        **{name: getattr(request, name) for name in _GIVEN},
        "gate": gate,
        "comparison": comparison,
        **prompts,
        "dataset": {"uri": dataset.uri, "pictures": len(dataset.files.pictures), "sha256": dataset.sha256},
        "base": {
            "reference": base.reference,
            "uri": base_uri(base.reference, dependencies.models),
            "licence": terms_of(base),
        },
        "consented": bool(request.consent) or is_noted(request.style, execution, dependencies.records),
        "segmenter": {"uri": base_uri(dependencies.segmenter, dependencies.models)},
        **({"captioner": {"uri": base_uri(captioner, dependencies.models)}} if said else {}),
        "runs": run_folders(jobs, dependencies.data.bucket, execution),
        "arguments": _arguments(
            request,
            base,
            settings,
            prompts["instance_prompt"],
            gate,
            comparison,
            expected,
            dependencies.safety if said else None,
        ),
        "estimate": expected,
        "search": search,
        "hyperparameters": searched(request, _strings(request, execution, prompts, dataset, settings)),
        "jobs": run_jobs(jobs, prefix, execution),
        "model_package_group": bounded(f"{prefix}-{request.style}"),
        "published": style_prefix(request.style),
        "notes": [*dataset.notes(request.task, prior=settings.with_prior_preservation), *settings.notes()],
    }
    made = FineTuningPlan.from_json(plan)
    note_person(request, execution, dependencies.records)
    return made


def _base_model(request: ExecutionInput, dependencies: Dependencies) -> BaseManifest:
    served, offered = dependencies.default_base_model, dependencies.base_models
    if request.task == UPSCALE:
        served, offered = dependencies.upscaler, (dependencies.upscaler,)
        if served == NO_MODEL:
            raise InvalidInputError(
                "input.task", got=UPSCALE, allowed="inpaint | text-to-image: this stage has no upscaler"
            )
    base_model = request.base_model or served
    manifest = find_base(base_model, offered, dependencies.models, where="input.base_model")
    # An inpainting model paints a whole picture where all of its mask is white; the other way round there is no mask to give.
    if manifest.task not in (request.task, "inpaint"):
        raise InvalidInputError(
            "input.base_model", got=f"{base_model}, a model for {manifest.task}", allowed=f"one for {request.task}"
        )
    if request.deploy == "adapter" and manifest.reference != served:
        raise InvalidInputError(
            "input.base_model",
            got=manifest.reference,
            allowed=f"{served}, which the shared endpoint serves, when deploy is adapter",
        )
    return manifest


def _settings(request: ExecutionInput, base: BaseManifest) -> Hyperparameters:
    """The base model's own training settings, overridden by what the input gives."""
    return Hyperparameters.from_json(
        {**base.training.get(request.method, {}), **request.hyperparameters.explicit_values()}
    )


def _require_trainable(request: ExecutionInput, base: BaseManifest, settings: Hyperparameters) -> None:
    """Refuse what no code can train of the base model's family, before anything is paid."""
    facts, whose = FAMILIES.get(base.family, FamilyFacts()), f"{base.reference}'s family, {base.family}"
    if not facts.tasks:
        trainable = " | ".join(name for name, each in FAMILIES.items() if each.tasks)
        allowed = f"a base model of family {trainable}: {base.family} is not fine-tuned"
        raise InvalidInputError("input.base_model", got=base.reference, allowed=allowed)
    if request.task not in facts.tasks:
        raise InvalidInputError("input.task", got=request.task, allowed=f"{' | '.join(facts.tasks)}: {whose}")
    if request.method not in facts.methods:
        raise InvalidInputError("input.method", got=request.method, allowed=f"{' | '.join(facts.methods)}: {whose}")
    for name in NOT_OF_UPSCALERS if request.task == UPSCALE else ():
        if given := getattr(settings, name):
            allowed = f"left out when task is {UPSCALE}"
            raise InvalidInputError(f"input.hyperparameters.{name}", got=given, allowed=allowed)
    if settings.train_text_encoder and not facts.trains_text_encoder:
        raise InvalidInputError("input.hyperparameters.train_text_encoder", got=True, allowed=f"false: {whose}")


def _prompts(request: ExecutionInput, dataset: Dataset, settings: Hyperparameters) -> dict[str, str]:
    """The input's prompts, or else the dataset's own."""
    own = dataset.info
    instance = request.instance_prompt or (own.instance_prompt if own else "")
    classes = request.class_prompt or (own.class_prompt if own else "")
    if not instance:
        raise no_instance_prompt(dataset.uri, described=own is not None)
    if settings.with_prior_preservation and not classes:
        raise InvalidInputError(
            "input.class_prompt", got="none", allowed="words for the garment's class, because prior preservation is on"
        )
    own_pictures = dataset.files.class_pictures if settings.with_prior_preservation else ()
    if own_pictures and len(readings(classes)) > 1:
        allowed = f"one reading, without braces: the pictures in {CLASS_PICTURES} are learnt by it"
        raise InvalidInputError("input.class_prompt", got=classes, allowed=allowed)
    prompts = {"instance_prompt": instance, "class_prompt": classes}
    for name, value in prompts.items():
        require_one_line(name, value)
    return prompts


def require_one_line(name: str, value: str) -> None:
    """Raises InvalidInputError for words on several lines."""
    if "\n" in value or "\r" in value:
        raise InvalidInputError(f"input.{name}", got=value, allowed="one line")


def _arguments(
    request: ExecutionInput,
    base: BaseManifest,
    settings: Hyperparameters,
    instance_prompt: str,
    gate: Mapping[str, float],
    comparison: str,
    expected: RunEstimate | None,
    judged_by: SafetyRules | None,
) -> dict[str, list[str]]:
    """``judged_by`` is what a captioner's words are refused for."""
    require_one_line("target", request.target)
    task = _task_arguments(request.task, request.target)
    prior = ["--prior"] if settings.with_prior_preservation else []
    judged = _argument("comparison", comparison)
    cost = _argument("expected", str(expected)) if expected else []
    evaluate = evaluation_arguments(request.task, request.target, instance_prompt, gate)
    named = _argument("caption_prompt", instance_prompt) if request.captions == "automatic" else []
    rules = in_parts("--safety=", json.dumps(judged_by.to_json())) if judged_by else []
    segment = [*task, f"--resolution={base.resolution}", *prior, *named, *rules]
    return {"segment": segment, "evaluate": [*evaluate, *judged, *cost]}


def evaluation_arguments(task: str, target: str, instance_prompt: str, gate: Mapping[str, float]) -> list[str]:
    """What the evaluation's container is told. Raises InvalidInputError for words that are too long for it."""
    words = _argument("instance_prompt", instance_prompt)
    return [*_task_arguments(task, target), *words, "--gate", json.dumps(gate)]


def _task_arguments(task: str, target: str) -> list[str]:
    return ["--task", task, *(_argument("target", target) if target else [])]


def _argument(name: str, value: str) -> list[str]:
    """An option and its value in one argument: a value of its own that starts with a hyphen would be read as an option."""
    option = f"--{name.replace('_', '-')}="
    return [option + _encoded(name, value, LONGEST_ARGUMENT - len(option), "as an argument")]


def _encoded(name: str, value: str, longest: int, how: str) -> str:
    """Words as jobs read them with ``contracts.strings.as_text``. Raises InvalidInputError where SageMaker carries no text so long."""
    text = as_string(value)
    if len(text) > longest:
        got = f"{len(text)} characters" + ("" if text == value else ", as quotes and control characters are written")
        raise InvalidInputError(f"input.{name}", got=got, allowed=f"at most {longest}: a job takes it {how}")
    return text


def _strings(
    request: ExecutionInput, execution: str, prompts: Mapping[str, str], dataset: Dataset, settings: Hyperparameters
) -> dict[str, str]:
    """Everything the training job reads from hyperparameters.json."""
    words = {"target": request.target, **prompts}
    return {
        "style": request.style,
        "execution": execution,
        "task": request.task,
        "method": request.method,
        **{name: _encoded(name, text, LONGEST_HYPERPARAMETER, "as a hyperparameter") for name, text in words.items()},
        "dataset_sha256": dataset.sha256,
        **settings.to_strings(),
    }
