"""The validators that read finished templates and need no account: cfn-lint and cloudformation-validate."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint  # type: ignore[import-untyped]
import cloudformation_validate as cv  # type: ignore[import-untyped]

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.language import refusals
from infra.gate.location import Location
from infra.gate.machines import Definition, machines

IGNORED = {
    "W3005": "CDK adds a DependsOn that a reference already implies",
}
"""Rules of cfn-lint and its kin that say nothing about these templates, and why."""


_AN_EXPRESSION = re.compile(r"'\{%.*%\}' is not of type '\w+' at '\S*/(MaxConcurrency|ToleratedFailurePercentage)'")
"""What cfn-lint's schema says of a map whose numbers are JSONata, which Step Functions evaluates.

https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""


def validate(assembly: Assembly, folder: Path) -> Iterator[Finding]:
    """What both say of the templates in ``folder``, and cfn-lint and asl-validator of each state machine's definition."""
    templates = {folder / f"{stack}.template.json": stack for stack in assembly.templates}
    definitions = {_alone(machine, folder, assembly.location): machine for machine in machines(assembly)}
    matches = lint([*templates, *definitions], assembly.location.region)
    for template, stack in templates.items():
        yield from _linted(assembly, stack, template, matches[template])
        yield from _validated(assembly, stack, template)
    for template, machine in definitions.items():
        for match in matches[template]:
            if _AN_EXPRESSION.fullmatch(match.message):
                continue
            yield machine.resource.finding(f"cfn-lint {match.rule.id}", match.message, _remedy(match.rule.source_url))
    yield from _refused(list(definitions.values()), folder)


def lint(templates: Sequence[Path], region: str) -> Mapping[Path, list[Any]]:
    """What cfn-lint says of each template for one region, whose resources and their properties are its own.

    It is asked about all at once: to read its rules takes it as long as to follow them.
    """
    names = [str(template) for template in templates]
    config = cfnlint.ManualArgs(templates=names, regions=[region], ignore_checks=sorted(IGNORED))
    found: dict[Path, list[Any]] = {template: [] for template in templates}
    for match in cfnlint.lint_by_config(config):
        found[Path(match.filename)].append(match)
    return found


def diagnose(template: Path) -> list[Any]:
    """What cloudformation-validate says of one template, from warnings up."""
    report = _engine().validate_template(str(template), cv.ValidateConfig(severity_level=cv.Severity.WARN))
    return [diagnostic for diagnostic in report.diagnostics if diagnostic.rule_id not in IGNORED]


@cache
def _engine() -> Any:
    return cv.RegoEngine()


def _linted(assembly: Assembly, stack: str, template: Path, matches: Sequence[Any]) -> Iterator[Finding]:
    for match in matches:
        keys = [str(key) for key in getattr(match, "path", None) or []]
        logical_id = keys[1] if keys[:1] == ["Resources"] and len(keys) > 1 else ""
        where = ".".join(keys[2:]) or template.name
        yield finding(
            assembly, stack, logical_id, f"cfn-lint {match.rule.id}", f"{where}: {match.message}", match.rule.source_url
        )


def _validated(assembly: Assembly, stack: str, template: Path) -> Iterator[Finding]:
    for diagnostic in diagnose(template):
        logical_id = getattr(diagnostic, "logical_id", None) or _resource_at(template, diagnostic.start_line)
        yield finding(
            assembly,
            stack,
            logical_id,
            f"cloudformation-validate {diagnostic.rule_id}",
            f"{template.name}:{diagnostic.start_line}: {diagnostic.message}",
            "",
        )


def _alone(machine: Definition, folder: Path, here: Location) -> Path:
    """A template of the machine alone, with its references resolved: cfn-lint does not read a definition that is an ``Fn::Join``."""
    # Its schema of a definition knows the ARNs of one partition only.
    definition = json.dumps(machine.definition).replace(f"arn:{here.partition}:", "arn:aws:")
    properties = {
        "DefinitionString": definition,
        "RoleArn": f"arn:{here.partition}:iam::{here.account}:role/machine",
    }
    alone = {"Resources": {"Machine": {"Type": machine.resource.kind, "Properties": properties}}}
    template = folder / f"{machine.resource.logical_id}.json"
    template.write_text(json.dumps(alone), encoding="utf-8")
    return template


def _refused(definitions: Sequence[Definition], folder: Path) -> Iterator[Finding]:
    """What asl-validator says of each definition, with its references resolved."""
    found = {folder / f"{machine.resource.logical_id}.asl.json": machine for machine in definitions}
    for path, machine in found.items():
        path.write_text(json.dumps(machine.definition), encoding="utf-8")
    for path, wrong in refusals([*found]):
        yield found[path].resource.finding(
            "asl-validator", wrong, "Write what the language has: states-language.net/spec.html"
        )


def finding(assembly: Assembly, stack: str, logical_id: str, check: str, wrong: str, source: str) -> Finding:
    """A finding about a resource, or about a whole template where it names none."""
    resource = assembly.resources.get(f"{stack}/{logical_id}")
    if resource is not None:
        return resource.finding(check, wrong, _remedy(source))
    return Finding(place=f"{assembly.stage} {stack}", check=check, wrong=wrong, remedy=_remedy(source))


def _remedy(source: str) -> str:
    return f"Set what the rule allows{f', see {source}' if source else ''}"


def _resource_at(template: Path, line: int) -> str:
    """The logical id of the resource whose lines hold this one: CDK indents a logical id by two spaces."""
    lines = template.read_text(encoding="utf-8").splitlines()[:line]
    return next((text.strip().split('"')[1] for text in reversed(lines) if text.startswith('  "')), "")
