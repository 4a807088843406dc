"""Values that a template takes from the stage are the stage's: what handlers are told, how long objects are kept, limits of methods."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from contracts.routes.table import ROUTES
from infra.components.rate_policy import costly_rate_policy, rate_policy
from infra.config import STAGES
from infra.gate.assembly import Assembly, Resource
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.sources import Sources
from infra.settings.stage import FEWEST_RUN_DAYS, Stage
from models.catalogue import find

_NAME = "stage values"
_LEVELS = ("INFO", "WARNING", "ERROR")
_FEWEST_CHECKPOINT_DAYS = 14
"""As long as an execution can be redriven: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html."""

_COSTLY = tuple(f"{route.path}/{route.method}" for route in ROUTES if route.costly)
"""As usage plans call methods."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    stage = STAGES.get(assembly.stage)
    if stage is None:
        return
    stage = replace(stage, serving=stage.serving.in_region(assembly.location.pinned_region))
    for model in assembly.of("AWS::SageMaker::Model"):
        environment = model.properties.get("PrimaryContainer", {}).get("Environment", {})
        for name, meant in _of_server(stage).items():
            if environment.get(name) != meant:
                wrong = f"{name} is {environment.get(name)!r}, the stage says {meant!r}"
                yield model.finding(_NAME, wrong, "Take it from the stage")
    for handler, function in handlers(assembly).items():
        variables = function.properties.get("Environment", {}).get("Variables", {})
        for name, meant in {**_variables(stage), **_of_handler(stage).get(handler, {})}.items():
            if name in variables and str(variables[name]) != meant:
                wrong = f"{name} is {variables[name]!r}, the stage says {meant!r}"
                yield function.finding(_NAME, wrong, "Take it from the stage")
        tags = str(variables.get("TAGS", f"atelier:stage={stage.name}")).split(",")
        if f"atelier:stage={stage.name}" not in tags or not all("=" in tag for tag in tags):
            wrong = f"TAGS is {variables['TAGS']!r}"
            yield function.finding(_NAME, wrong, f"Write key=value with commas, atelier:stage={stage.name} among them")
        if "CLIENTS" in variables and (wrong := _other_clients(assembly, str(variables["CLIENTS"]), stage)):
            yield function.finding(_NAME, wrong, "Take it from components/clients.py")
        yield from _observed(function, variables)
    for bucket in assembly.of("AWS::S3::Bucket"):
        for wrong, remedy in _kept(bucket, stage):
            yield bucket.finding(_NAME, wrong, remedy)
    for plan in assembly.of("AWS::ApiGateway::UsagePlan"):
        for wrong, remedy in _throttled(plan, stage):
            yield plan.finding(_NAME, wrong, remedy)


def _variables(stage: Stage) -> Mapping[str, str]:
    """What every handler that is told it is told."""
    return {
        "MEDIA_DAYS": str(stage.media_days),
        "OUTPUTS_DAYS": str(stage.retention.outputs_days or stage.media_days),
        "MASKS_DAYS": str(stage.retention.masks_days or stage.retention.outputs_days or stage.media_days),
        "LOG_DAYS": str(stage.log_days),
        "CONSENT": stage.people.consent,
        "RELEASE_RULES": stage.release_rules,
        "COMMERCIAL": str(stage.licences.commercial).lower(),
        "DISCLOSURE": stage.disclosure.environment,
        "SAFETY_RULES": stage.safety.text,
        "PACE": json.dumps(stage.pace.to_json(), sort_keys=True),
        "SERVED_BASE": stage.default_model.reference,
        "DEFAULT_BASE_MODEL": stage.default_model.reference,
        "SEGMENTER": stage.segmenter_model.reference,
        "UPSCALER": stage.upscaler_model.reference if stage.upscaler_model else "none",
        "CAPTIONER": stage.captioner_model.reference if stage.captioner_model else "none",
        "SERVING_INSTANCE": stage.serving.instance,
        "SHARD_INSTANCES": str(stage.pretraining.shard_instances),
        "TRAIN_INSTANCES": str(stage.pretraining.train_instances),
        "INPUT_MODE": stage.pretraining.input_mode,
    }


def _of_server(stage: Stage) -> Mapping[str, str]:
    return {
        "ATELIER_SERVICE": stage.prefix,
        "ATELIER_DISCLOSURE": stage.disclosure.environment,
        "ATELIER_CONSENT": stage.people.consent,
        "ATELIER_SAFETY": stage.safety.text,
        "ATELIER_PIXELS_PER_SECOND": str(stage.pace.pixels),
        "ATELIER_TILE_PIXELS_PER_SECOND": str(stage.pace.tile_pixels),
        "ATELIER_REAL_TIME": str(stage.serving.is_real_time).lower(),
    }


def _of_handler(stage: Stage) -> Mapping[str, Mapping[str, str]]:
    """The same where one name means something else to each."""
    return {
        "prepare": {"BASE_MODELS": ",".join(find(name).reference for name in stage.base_models)},
        "prepare_pretraining": {"BASE_MODELS": ",".join(entry.reference for entry in stage.models)},
        "api": {"RATE_POLICY": rate_policy(stage.api), "COSTLY_RATE_POLICY": costly_rate_policy(stage.api)},
    }


def _other_clients(assembly: Assembly, told: str, stage: Stage) -> str:
    """What is wrong with the clients that a handler knows, each by its key."""
    try:
        known = {key: (each["name"], each.get("manages", False)) for key, each in json.loads(told).items()}
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"CLIENTS is {told}, which says no clients by their keys"
    meant = sorted((client.name, client.manages) for client in stage.api.clients)
    keys = [each.name for key in known for each in assembly.referenced(key) if each.kind == "AWS::ApiGateway::ApiKey"]
    if sorted(known.values()) != meant or len(set(keys)) != len(meant):
        return f"CLIENTS is {told}, the stage's clients are {meant}, each with a key of its own"
    return ""


def _observed(function: Resource, variables: Mapping[str, Any]) -> Iterator[Finding]:
    level = variables.get("POWERTOOLS_LOG_LEVEL", "INFO")
    if level not in (*_LEVELS, "DEBUG"):
        yield function.finding(_NAME, f"POWERTOOLS_LOG_LEVEL is {level}", f"Use {', '.join(_LEVELS)}")
    if str(variables.get("POWERTOOLS_LOGGER_LOG_EVENT", "false")).lower() != "false":
        yield function.finding(
            _NAME, "it logs every event, and with it what clients send", "Unset POWERTOOLS_LOGGER_LOG_EVENT"
        )


def _kept(bucket: Resource, stage: Stage) -> Iterator[tuple[str, str]]:
    rules = bucket.properties.get("LifecycleConfiguration", {}).get("Rules", [])
    days = {str(rule.get("Prefix")): rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    if "runs/" in days and days["runs/"] != max(stage.run_days, FEWEST_RUN_DAYS):
        yield f"runs are kept for {days['runs/']} days, the stage says {stage.run_days}", "Take run_days of the stage"
    if days.get("checkpoints/", _FEWEST_CHECKPOINT_DAYS) < _FEWEST_CHECKPOINT_DAYS:
        wrong = f"checkpoints are kept for {days['checkpoints/']} days"
        yield wrong, f"Keep them {_FEWEST_CHECKPOINT_DAYS} days, for a training that waits, or is redriven"


def _throttled(plan: Resource, stage: Stage) -> Iterator[tuple[str, str]]:
    wanted = {"RateLimit": stage.api.trainings.requests_per_second, "BurstLimit": stage.api.trainings.burst}
    for each in plan.properties.get("ApiStages", []):
        own = {path: dict(limit) for path, limit in each.get("Throttle", {}).items()}
        if own != dict.fromkeys(_COSTLY, wanted):
            yield (
                f"what costs a job or makes a version has the limits {own or 'of all others'}",
                f"Give {', '.join(_COSTLY)} the stage's api.trainings: {wanted}",
            )
