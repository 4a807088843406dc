"""First state of a run: checks the input and the dataset, and decides everything the later states need."""

from typing import Any, cast

from atelier_ops.gateways.records import Records
from atelier_ops.gateways.registry import Jobs, Packages
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.workflow import Executions
from atelier_ops.logic import resumption
from atelier_ops.logic.before_pictures import bring_before_pictures
from atelier_ops.logic.class_pictures import bring_class_pictures
from atelier_ops.logic.evaluation import evaluation_plan, is_evaluation
from atelier_ops.logic.numbering import check_style
from atelier_ops.logic.plan import Dependencies, make_plan
from atelier_ops.observability import observed
from contracts.people import ConsentRule
from contracts.plan import FineTuningPlan
from contracts.release import ReleaseRules
from contracts.safety.rules import SafetyRules
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment. Base models are ``name@revision``; every name made at run time starts with ``name_prefix``.

    ``release_rules`` is ``contracts.release.ReleaseRules`` as JSON, ``safety_rules`` ``contracts.safety.rules.SafetyRules``,
    and ``consent`` ``contracts.people.ConsentRule``.
    """

    table_name: str
    data_bucket: str
    model_bucket: str
    name_prefix: str
    default_base_model: str
    base_models: tuple[str, ...]
    segmenter: str
    upscaler: str
    captioner: str
    release_rules: str
    safety_rules: str
    consent: str
    commercial: bool


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"input", "execution", "machine", "jobs": {key: {"state", "kind", "instance"}}, "points": [state, ...]}`` → the plan.

    ``points`` are the states at which a run can be taken up. Raises InvalidInputError.
    """
    settings = Settings.from_environment()
    dependencies = Dependencies(
        data=ObjectStore(settings.data_bucket),
        models=ObjectStore(settings.model_bucket),
        name_prefix=settings.name_prefix,
        base_models=settings.base_models,
        default_base_model=settings.default_base_model,
        segmenter=settings.segmenter,
        upscaler=settings.upscaler,
        captioner=settings.captioner,
        rules=ReleaseRules.from_text(settings.release_rules),
        records=Records(settings.table_name),
        commercial=settings.commercial,
        safety=SafetyRules.from_text(settings.safety_rules),
        consent=cast(ConsentRule, settings.consent),
    )
    if resumption.is_resumption(event["input"]):
        run = resumption.Dependencies(
            data=dependencies.data,
            executions=Executions(event["machine"]),
            jobs=Jobs(),
            name_prefix=settings.name_prefix,
            rules=dependencies.rules,
        )
        plan = resumption.resumed_plan(event, FineTuningPlan, run)
    elif is_evaluation(event["input"]):
        plan = evaluation_plan(event["input"], event["execution"], event["jobs"], dependencies)
        return bring_before_pictures(plan, dependencies.data).to_json()
    else:
        plan = make_plan(event["input"], event["execution"], event["jobs"], dependencies)
    check_style(plan.style, dependencies.models, Packages())
    if plan.preflight:
        return plan.to_json()
    bring_class_pictures(plan, dependencies.data, dependencies.models)
    return bring_before_pictures(plan, dependencies.data).to_json()
