"""cdk-nag's AWS Solutions rules, and the small ways of accepting a finding: on its own construct, with a reason a stranger accepts."""

import re
from collections.abc import Mapping
from importlib import metadata

import jsii
from aws_cdk import (
    Acknowledgment,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolation,
    Validations,
)
from constructs import IConstruct

_FOLDERS = "datasets|runs|checkpoints|imports|base|styles|uploads|requests|progress|responses|outputs|failures|batches|certificates|page"
_OUR_KEYS = rf"/({_FOLDERS})/\*(/[a-z_]+((/[a-z_]+)?\.(jsonl?|safetensors)|/\*))?"
_OUR_NAMES = r"[:/]atelier-[a-z0-9]+-([a-z]+[-:/])?\*"
_JOB_LOGS = r":log-group:/aws/sagemaker/(Training|Processing)Jobs:\*"
_ENDPOINT_LOGS = r":log-group:/aws/sagemaker/Endpoints/[^*/]+:\*"
_PREFIX_FINDING = re.compile(
    rf"AwsSolutions-IAM5\[Resource::.*({_OUR_KEYS}|{_OUR_NAMES}|{_JOB_LOGS}|{_ENDPOINT_LOGS})\]"
)
"""A grant on one prefix of a bucket, or on run-time names that start with the stage's own prefix."""


_accepted: dict[IConstruct, str] = {}
"""What was passed to ``accept_prefixes``, with the reason."""

_reasons: dict[IConstruct, Mapping[str, str]] = {}
"""What was passed to ``accept``. Neither is told to CDK before the rules are asked: a stage is mostly synthesized without them."""


def accept(construct: IConstruct, reasons: Mapping[str, str]) -> None:
    """Accept findings on ``construct`` and what it contains; ``reasons`` are by exact id, such as ``AwsSolutions-S1``."""
    _reasons[construct] = {**_reasons.get(construct, {}), **reasons}


def accept_prefixes(construct: IConstruct, *, because: str) -> None:
    """Accept grants that end in a wildcard below one prefix of ours (``…/runs/*``, ``…/atelier-dev-*``), and no wider ones.

    cdk-nag matches ids exactly, and the id of a grant on another stack's bucket holds a reference that is only known after synth.
    """
    _accepted[construct] = because


@jsii.implements(IPolicyValidationPlugin)
class Checks:
    """The AWS Solutions rules as a validation plugin that knows ``accept_prefixes``."""

    @property
    def name(self) -> str:
        """The plugin's name in reports."""
        return "AwsSolutions"

    @property
    def version(self) -> str:
        """The rules' own version."""
        return metadata.version("cdk-nag")

    @property
    def rule_ids(self) -> list[str]:
        """Empty: the pack's rules are not listed one by one."""
        return []

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """Called by CDK after synth, with the templates' references resolved."""
        violations = findings(context.app_construct)
        return PolicyValidationPluginReport(success=not violations, violations=violations)


def findings(scope: IConstruct) -> list[PolicyViolation]:
    """The findings below ``scope`` that are neither acknowledged nor accepted as a prefix."""
    # Loading the rules takes as long as a stack: who only accepts findings does not pay for it.
    from cdk_nag import AwsSolutionsChecks

    root = scope.node.root
    for construct in [each for each in _reasons if each.node.root is root]:
        reasons = _reasons.pop(construct).items()
        Validations.of(construct).acknowledge(*(Acknowledgment(id=finding, reason=why) for finding, why in reasons))
    report = AwsSolutionsChecks().validate_scope(scope)
    accepted = tuple(f"{each.node.path}/" for each in _accepted if each.node.root is root)
    remaining = (_without_accepted(violation, accepted) for violation in report.violations)
    return [violation for violation in remaining if violation.violating_resources]


def _without_accepted(violation: PolicyViolation, accepted: tuple[str, ...]) -> PolicyViolation:
    resources = violation.violating_resources
    if _PREFIX_FINDING.fullmatch(violation.rule_name):
        resources = [each for each in resources if not f"{each.construct_path}/".startswith(accepted)]
    return PolicyViolation(
        rule_name=violation.rule_name,
        description=violation.description,
        severity=violation.severity,
        violating_resources=resources,
    )
