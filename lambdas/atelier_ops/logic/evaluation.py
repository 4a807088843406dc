"""The plan of an execution that measures a published version again: its weights as they are, on other pictures, without training."""

from collections.abc import Mapping
from typing import Any, cast

from atelier_ops.errors import MissingObjectError
from atelier_ops.gateways.storage import read_json
from atelier_ops.logic.bases import base_uri, find_base, read_manifest, terms_of
from atelier_ops.logic.dataset import read_dataset
from atelier_ops.logic.names import bounded, require_registrable, run_folders, run_jobs
from atelier_ops.logic.people.run_people import ask_consent, is_noted, note_person
from atelier_ops.logic.plan import Dependencies, evaluation_arguments, require_one_line
from contracts.artifact import StyleManifest
from contracts.errors import InvalidInputError, Problem
from contracts.execution import UPSCALE, EvaluationInput, Task
from contracts.layout import MANIFEST, S3Uri, style_prefix
from contracts.metrics import DEFAULT_GATES, require_measured
from contracts.plan import FineTuningPlan
from contracts.safety.training import check_dataset
from contracts.safety.words import check_words

EVALUATE = "evaluate"
"""The key of the job, and of the input that asks for it."""


def is_evaluation(body: object) -> bool:
    """Whether an execution's input asks for another evaluation of a version."""
    return isinstance(body, Mapping) and body.get(EVALUATE) is not None


def evaluation_plan(
    body: object, execution: str, jobs: Mapping[str, Mapping[str, Any]], dependencies: Dependencies
) -> FineTuningPlan:
    """The plan, which starts with the evaluation. Raises InvalidInputError."""
    require_registrable(execution)
    request = EvaluationInput.from_json(body)
    check_words({"target": request.target, "instance_prompt": request.instance_prompt}, dependencies.safety)
    ask_consent(request, execution, dependencies.consent, dependencies.records)
    style = _published(request, dependencies)
    words = {name: getattr(request, name) or getattr(style, name) for name in ("target", "instance_prompt")}
    _require_words(style, words)
    base = find_base(style.base_model, dependencies.base_models, dependencies.models, where="base model of the version")
    masks = style.task == "inpaint"
    segmenter = read_manifest(dependencies.segmenter, dependencies.models) if masks else None
    gate = {**DEFAULT_GATES[style.task], **dependencies.rules.least(cast(Task, style.task)), **request.gate.to_json()}
    embeds, enlarges = segmenter is not None and segmenter.contrastive, style.task == UPSCALE
    require_measured("input.gate", gate, masks=masks, embeds=embeds, enlarges=enlarges)
    dataset = read_dataset(request.dataset, dependencies.data)
    check_dataset(dataset.info, dataset.captions.words, dependencies.safety)
    own = {EVALUATE: jobs[EVALUATE]}
    prefix = style_prefix(style.style, style.version)
    notes = dataset.notes(style.task, prior=False)
    plan = {
        "execution": execution,
        "evaluates": str(style.version),
        "style": style.style,
        "task": style.task,
        "method": style.method,
        "licence": style.licence,
        "commercial": style.commercial,
        "class_prompt": style.class_prompt,
        **words,
        "deploy": "none",
        "consented": bool(request.consent) or is_noted(request.style, execution, dependencies.records),
        "approval": "auto",
        "promote": "manual",
        "gate": gate,
        "dataset": {"uri": dataset.uri, "pictures": len(dataset.files.pictures), "sha256": dataset.sha256},
        "base": {
            "reference": base.reference,
            "uri": base_uri(base.reference, dependencies.models),
            "licence": terms_of(base),
        },
        "segmenter": {"uri": base_uri(dependencies.segmenter, dependencies.models)},
        "runs": run_folders(own, dependencies.data.bucket, execution),
        "arguments": {EVALUATE: evaluation_arguments(style.task, words["target"], words["instance_prompt"], gate)},
        "hyperparameters": {},
        "jobs": run_jobs(own, dependencies.name_prefix, execution),
        "model_package_group": bounded(f"{dependencies.name_prefix}-{style.style}"),
        "published": style_prefix(style.style),
        "notes": notes,
        "at": own[EVALUATE]["state"],
        "known": {"notes": notes, "artifact": str(S3Uri(bucket=dependencies.models.bucket, key=prefix)), "trained": 0},
    }
    made = FineTuningPlan.from_json(plan)
    note_person(request, execution, dependencies.records)
    return made


def _published(request: EvaluationInput, dependencies: Dependencies) -> StyleManifest:
    key = style_prefix(request.style, request.evaluate) + MANIFEST
    try:
        return StyleManifest.from_json(read_json(dependencies.models, key))
    except MissingObjectError as error:
        allowed = "a published version of the style"
        raise InvalidInputError("input.evaluate", got=f"{request.style}@{request.evaluate}", allowed=allowed) from error


def _require_words(style: StyleManifest, words: Mapping[str, str]) -> None:
    """One that was trained elsewhere may not say what it shows. Raises InvalidInputError."""
    needed = ("target", "instance_prompt") if style.task == "inpaint" else ("instance_prompt",)
    allowed = f"words: {style.style}@{style.version} was trained elsewhere, and says none itself"
    if missing := [Problem(f"input.{name}", None, allowed) for name in needed if not words[name]]:
        raise InvalidInputError.of(missing)
    for name, value in words.items():
        require_one_line(name, value)
