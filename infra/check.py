"""``python -m infra.check``: every stage's templates against the validators that need no account.

cdk-nag and CDK's own engine run while the templates are made, cdk-preflight (rules that reproduce failed deployments) in that same engine;
cfn-lint and cloudformation-validate read the finished files.
"""

import sys
import tempfile
from pathlib import Path

from infra.node import use_packaged_node

use_packaged_node()

import cfnlint  # type: ignore[import-untyped]  # noqa: E402
import cloudformation_validate as cv  # type: ignore[import-untyped]  # noqa: E402
from aws_cdk import App, Validations  # noqa: E402  jsii starts Node.js when aws_cdk is imported
from cdk_preflight import Preflight  # noqa: E402

from infra.application import add_stacks, feature_flags  # noqa: E402
from infra.config import STAGES  # noqa: E402
from infra.nag import Checks  # noqa: E402
from infra.settings.stage import Stage  # noqa: E402

IGNORED = {
    "W3005": "CDK adds a DependsOn that a reference already implies",
}
"""Rules of cfn-lint and its kin that say nothing about these templates, and why."""


def main() -> int:
    """Print what is wrong, a line a finding; 1 where there is any."""
    findings = [finding for stage in STAGES.values() for finding in check(stage)]
    for finding in findings:
        print(finding)
    print(f"{len(STAGES)} stages checked, {len(findings)} findings")
    return 1 if findings else 0


def check(stage: Stage) -> list[str]:
    """Every finding of one stage."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            synthesize(stage, Path(folder))
        except RuntimeError as error:
            return [f"{stage.name}: synth: {error}"]
        templates = sorted(Path(folder).glob("*.template.json"))
        findings = [finding for template in templates for finding in (*lint(template), *validate(template))]
    return [f"{stage.name}: {finding}" for finding in findings]


def synthesize(stage: Stage, folder: Path) -> None:
    """Write the stage's assembly. Raises RuntimeError with the report where a rule of CDK, cdk-nag or cdk-preflight is broken."""
    app = App(context=feature_flags(), outdir=str(folder))
    Validations.of(app).add_plugins(Checks())
    Preflight.apply(app)
    add_stacks(app, stage)
    app.synth()


def lint(template: Path) -> list[str]:
    """What cfn-lint says of one template."""
    config = cfnlint.ManualArgs(regions=["us-east-1"], ignore_checks=sorted(IGNORED))
    return [f"{template.name}: cfn-lint {match}" for match in cfnlint.lint_file(template, config=config)]


def validate(template: Path) -> list[str]:
    """What cloudformation-validate says of one template, from warnings up."""
    report = cv.RegoEngine().validate_template(str(template), cv.ValidateConfig(severity_level=cv.Severity.WARN))
    return [
        f"{template.name}:{diagnostic.start_line}: cloudformation-validate {diagnostic.rule_id} {diagnostic.message}"
        for diagnostic in report.diagnostics
        if diagnostic.rule_id not in IGNORED
    ]


if __name__ == "__main__":
    sys.exit(main())
