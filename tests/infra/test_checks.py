"""The offline validators: a planted defect does not pass them. `make templates` holds every stage to them."""

import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3

from infra.check import lint, validate
from infra.nag import Checks, accept_prefixes, findings
from tests.infra.conftest import Synthesized


def test_cdk_nag_has_no_open_finding(stage: Synthesized) -> None:
    found = findings(stage.stacks.storage.node.root)
    assert [(v.rule_name, [r.construct_path for r in v.violating_resources]) for v in found] == []


def test_a_planted_defect_is_found_by_both_readers(tmp_path: Path) -> None:
    template = tmp_path / "bad.template.json"
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketNmae": "x"}}
    template.write_text(json.dumps({"Resources": {"Bucket": bucket}}), encoding="utf-8")
    assert lint(template)
    assert validate(template)


def test_an_open_bucket_fails_the_synth() -> None:
    app = App()
    Validations.of(app).add_plugins(Checks())
    s3.Bucket(Stack(app, "Stack"), "Bucket")
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
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
