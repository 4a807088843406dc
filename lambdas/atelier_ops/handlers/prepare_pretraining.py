"""First state of a pretraining run: checks the input and the data set, and decides everything the later states need."""

from typing import Any

from atelier_ops.gateways.registry import Jobs, Packages
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.workflow import Executions
from atelier_ops.logic import resumption
from atelier_ops.logic.numbering import check_base
from atelier_ops.logic.pretraining import Dependencies, make_pretraining_plan
from atelier_ops.observability import observed
from contracts.plan import PretrainingPlan
from contracts.pretraining import Instances, StageDefaults
from contracts.release import ReleaseRules
from contracts.safety.rules import SafetyRules
from contracts.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    """Environment. Base models are ``name@revision``, the default first; ``lustre`` is ``none`` or ``{id}:{directory}``.

    ``release_rules`` is ``contracts.release.ReleaseRules`` as JSON, ``safety_rules`` ``contracts.safety.rules.SafetyRules``.
    """

    data_bucket: str
    model_bucket: str
    name_prefix: str
    base_models: tuple[str, ...]
    shard_instances: int
    train_instances: int
    input_mode: str
    lustre: str
    release_rules: str
    safety_rules: str


@observed
def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """``{"input", "execution", "machine", "jobs": {key: {"state", "kind", "instance"}}, "points": [state, ...]}`` → the plan.

    ``points`` are the states at which a run can be taken up. Raises InvalidInputError.
    """
    settings = Settings.from_environment()
    instances = Instances(shard=settings.shard_instances, train=settings.train_instances)
    dependencies = Dependencies(
        data=ObjectStore(settings.data_bucket),
        models=ObjectStore(settings.model_bucket),
        name_prefix=settings.name_prefix,
        base_models=settings.base_models,
        defaults=StageDefaults(instances=instances, input_mode=settings.input_mode),
        lustre=settings.lustre,
        rules=ReleaseRules.from_text(settings.release_rules),
        safety=SafetyRules.from_text(settings.safety_rules),
    )
    if resumption.is_resumption(event["input"]):
        run = resumption.Dependencies(
            data=dependencies.data,
            executions=Executions(event["machine"]),
            jobs=Jobs(),
            name_prefix=settings.name_prefix,
            rules=dependencies.rules,
        )
        plan = resumption.resumed_plan(event, PretrainingPlan, run)
    else:
        plan = make_pretraining_plan(event["input"], event["execution"], event["jobs"], dependencies)
    check_base(plan.name, dependencies.models, Packages())
    return plan.to_json()
