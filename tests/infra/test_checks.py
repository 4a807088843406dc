"""The offline validators behind `make templates`: a planted defect does not pass them, and what they say names the resource."""

import json
from pathlib import Path

import pytest
from aws_cdk import App, CfnResource, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from infra.gate.assembly import Assembly
from infra.gate.synthesis import synthesized
from infra.gate.validators import validate
from infra.nag import Checks, accept_prefixes, findings
from infra.template_rules import TemplateRules
from tests.infra.conftest import Synthesized


def test_cdk_nag_has_no_open_finding(stage: Synthesized) -> None:
    found = findings(stage.stacks.storage.node.root)
    assert [(v.rule_name, [r.construct_path for r in v.violating_resources]) for v in found] == []


def test_a_planted_defect_is_named_by_every_reader(tmp_path: Path) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketNmae": "x"}}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": '{"States": {}}'}}
    template = {"Resources": {"Bucket": bucket, "Machine": machine}}
    (tmp_path / "Bad.template.json").write_text(json.dumps(template, indent=1), encoding="utf-8")
    found = list(validate(Assembly.read("dev", tmp_path), tmp_path))
    readers = {each.check.partition(" ")[0] for each in found if each.place == "dev Bad/Bucket"}
    assert readers == {"cfn-lint", "cloudformation-validate"}
    named = {
        each.check.partition(" ")[0] for each in found if each.place == "dev Bad/Machine" and "StartAt" in each.wrong
    }
    assert named == {"cfn-lint", "cloudformation-validate", "asl-validator"}


def test_an_open_bucket_is_named_by_the_synth(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    Validations.of(app).add_plugins(Checks())
    s3.Bucket(Stack(app, "Stack"), "Bucket")
    (logs,) = [each for each in synthesized(app, "dev", tmp_path) if each.check == "AwsSolutions AwsSolutions-S1"]
    assert "Stack/Bucket" in logs.place
    assert logs.wrong == "The S3 Bucket has server access logs disabled"
    assert "with a reason" in logs.remedy


def test_a_property_that_does_not_exist_ends_the_synth(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    Validations.of(app).add_plugins(TemplateRules())
    CfnResource(Stack(app, "Stack"), "Bucket", type="AWS::S3::Bucket", properties={"BucketNmae": "x"})
    with pytest.raises(RuntimeError, match="BucketNmae"):
        app.synth()


@pytest.mark.parametrize(
    ("resource", "open_findings"),
    [
        ("arn:aws:s3:::bucket/runs/*", 0),
        ("arn:aws:sagemaker:us-east-1:1:endpoint/atelier-dev-style-*", 0),
        ("arn:aws:s3:::bucket/*", 1),
        ("arn:aws:sagemaker:us-east-1:1:endpoint/*", 1),
        ("*", 1),
    ],
)
def test_only_prefixes_of_ours_are_accepted_as_prefixes(resource: str, open_findings: int) -> None:
    app = App()
    stack = Stack(app, "Stack")
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[resource]))
    accept_prefixes(role, because="a test")
    assert len(findings(app)) == open_findings


def test_a_prefix_is_not_accepted_where_nobody_said_so() -> None:
    app = App()
    role = iam.Role(Stack(app, "Stack"), "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=["arn:aws:s3:::bucket/runs/*"]))
    assert len(findings(app)) == 1
