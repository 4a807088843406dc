"""Synthesis of one stage with the rules that run in it: CDK's, cdk-nag's, cdk-preflight's (which reproduces failed deployments)."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App, Validations
from cdk_preflight import Preflight

from infra.application import add_stacks, feature_flags
from infra.gate.finding import Finding
from infra.nag import Checks
from infra.settings.stage import Stage

_REPORT = "validation-report.json"


def synthesize(stage: Stage, folder: Path) -> list[Finding]:
    """Write the stage's assembly into ``folder``; what a rule says against it. Raises what synthesis itself fails with."""
    app = App(context=feature_flags(), outdir=str(folder))
    Validations.of(app).add_plugins(Checks())
    Preflight.apply(app)
    add_stacks(app, stage)
    return synthesized(app, stage.name, folder)


def synthesized(app: App, stage: str, folder: Path) -> list[Finding]:
    """Synthesize ``app`` and read the report that CDK leaves in ``folder``."""
    try:
        app.synth()
    except RuntimeError:
        found = list(_reported(stage, folder / _REPORT))
        if found:
            return found
        raise
    return []


def _reported(stage: str, report: Path) -> Iterator[Finding]:
    read = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    for plugin in read.get("pluginReports", []):
        for violation in plugin.get("violations", []):
            for construct in violation.get("violatingConstructs") or [{}]:
                yield _finding(stage, plugin["pluginName"], violation, construct)


def _finding(stage: str, plugin: str, violation: Mapping[str, Any], construct: Mapping[str, Any]) -> Finding:
    path = str(construct.get("constructPath", "")).removesuffix("/Resource")
    resource = construct.get("cloudFormationResource") or {}
    stack, logical_id = path.partition("/")[0], resource.get("logicalId", "")
    place = f"{stage} {stack}/{logical_id} ({path})" if logical_id else f"{stage} {path}"
    fix = violation.get("suggestedFix") or violation.get("fix")
    accepted = f"Mend it, or accept {violation['ruleName']} on that construct with a reason (infra/nag.py)"
    where = ", ".join(resource.get("propertyPaths", []))
    wrong = str(violation.get("description", "")).strip().rstrip(".") + (f" at {where}" if where else "")
    return Finding(
        place=place, check=f"{plugin} {violation['ruleName']}", wrong=wrong, remedy=str(fix or accepted).rstrip(".")
    )
