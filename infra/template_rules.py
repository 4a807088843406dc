"""CDK's own rules about templates, run by the same engine as CDK runs, but natively.

CDK carries the engine (cloudformation-validate) as WebAssembly, which takes longer to start than all of our synthesis; the Python package
of the same engine answers in milliseconds. ``make templates`` runs CDK's own copy too, with cdk-preflight's rules in it.
"""

from collections.abc import Iterator
from typing import Any

import cloudformation_validate as cv  # type: ignore[import-untyped]
import jsii
from aws_cdk import (
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
)

IGNORED = ("W3005", "W1020", "E1018", "W9002", "W9013", "W1103")
"""What CDK itself ignores: rules that misread what CDK writes, such as a DependsOn that a reference implies."""


@jsii.implements(IPolicyValidationPlugin)
class TemplateRules:
    """A validation plugin that reads the templates that were just written."""

    @property
    def name(self) -> str:
        """The plugin's name in reports."""
        return "CloudFormationValidate"

    @property
    def version(self) -> str:
        """The engine's version."""
        return str(cv.version())

    @property
    def rule_ids(self) -> list[str]:
        """Empty: the rules are not listed one by one."""
        return []

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Called by CDK after synth."""
        violations = [violation for path in context.template_paths for violation in _violations(path)]
        return PolicyValidationPluginReport(success=not violations, violations=violations)


def _violations(path: str) -> Iterator[PolicyViolation]:
    settings = cv.ValidateConfig(severity_level=cv.Severity.WARN, exclude=cv.RuleFilterConfig(ids=list(IGNORED)))
    for found in cv.CompositeEngine().validate_template(path, settings).diagnostics:
        yield PolicyViolation(
            rule_name=str(found.rule_id),
            description=f"{found.property_path or ''}: {found.message}".removeprefix(": "),
            severity="error",
            violating_resources=[_resource(found, path)],
        )


def _resource(found: Any, path: str) -> PolicyViolatingResource:
    logical_id = getattr(found.entity, "logical_id", None) or ""
    return PolicyViolatingResource(
        resource_logical_id=logical_id, template_path=path, locations=[found.property_path or ""]
    )
