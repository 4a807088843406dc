"""What roles may do: named calls on named things, and SageMaker is the only service a role is handed to."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.infra.conftest import Synthesized
from tests.infra.definition import text

ANY_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "cloudwatch:PutMetricData",
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
}
"""Calls that know no resources."""

NEEDED = {
    "lambda:invoke": {"lambda:InvokeFunction"},
    "sagemaker:createProcessingJob.sync": {
        "sagemaker:CreateProcessingJob",
        "sagemaker:DescribeProcessingJob",
        "sagemaker:StopProcessingJob",
        "sagemaker:AddTags",
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
        "iam:PassRole",
    },
    "sagemaker:createTrainingJob.sync": {
        "sagemaker:CreateTrainingJob",
        "sagemaker:DescribeTrainingJob",
        "sagemaker:StopTrainingJob",
        "sagemaker:AddTags",
        "events:PutTargets",
        "events:PutRule",
        "events:DescribeRule",
        "iam:PassRole",
    },
    "aws-sdk:sagemaker:describeProcessingJob": {"sagemaker:DescribeProcessingJob"},
    "aws-sdk:sagemaker:describeTrainingJob": {"sagemaker:DescribeTrainingJob"},
    "aws-sdk:sagemaker:createModelPackageGroup": {"sagemaker:CreateModelPackageGroup", "sagemaker:AddTags"},
    "aws-sdk:sagemaker:createModelPackage": {"sagemaker:CreateModelPackage"},
    "aws-sdk:sagemaker:updateModelPackage": {"sagemaker:UpdateModelPackage"},
    "aws-sdk:applicationautoscaling:registerScalableTarget": {
        "application-autoscaling:RegisterScalableTarget",
        "iam:CreateServiceLinkedRole",
        "sagemaker:DescribeEndpoint",
        "sagemaker:DescribeEndpointConfig",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
    },
    "aws-sdk:applicationautoscaling:putScalingPolicy": {
        "application-autoscaling:PutScalingPolicy",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:DeleteAlarms",
    },
    "aws-sdk:cloudwatch:putMetricAlarm": {"cloudwatch:PutMetricAlarm"},
    "sns:publish": {"sns:Publish", "kms:GenerateDataKey", "kms:Decrypt"},
}
"""What the state machine's role needs for each integration it uses."""


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(stage: Synthesized) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every Allow statement of every role, with its policy's logical id."""
    for logical_id, policy in stage.resources("AWS::IAM::Policy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow":
                yield logical_id, statement


def of_machine(stage: Synthesized, construct: str) -> list[dict[str, Any]]:
    role = f"{construct}Role"
    return [statement for logical_id, statement in statements(stage) if logical_id.startswith(role)]


def used_by(stage: Synthesized, construct: str) -> set[str]:
    """The integrations of a machine's states."""
    states = stage.machine(construct)["States"].values()
    used = {state["Resource"].partition("states:::")[2] for state in states if "Resource" in state}
    return {name.removesuffix(".waitForTaskToken") for name in used}


MACHINES = pytest.mark.parametrize("construct", ["Workflow", "Pretraining"])


def test_no_action_is_a_wildcard(stage: Synthesized) -> None:
    for logical_id, statement in statements(stage):
        assert not [action for action in listed(statement["Action"]) if "*" in action], logical_id


def test_only_calls_without_resources_are_allowed_on_all_of_them(stage: Synthesized) -> None:
    for logical_id, statement in statements(stage):
        if "*" in listed(statement["Resource"]):
            assert set(listed(statement["Action"])) <= ANY_RESOURCE, logical_id


def test_a_wildcard_in_a_resource_follows_a_name_or_a_folder(stage: Synthesized) -> None:
    named = re.compile(r".*(/|[:/][A-Za-z][A-Za-z0-9/.-]*[-/:]|Jobs:)\*.*")
    for logical_id, statement in statements(stage):
        wild = [text(resource) for resource in listed(statement["Resource"]) if "*" in text(resource)]
        assert all(resource == "*" or named.fullmatch(resource) for resource in wild), logical_id
        whole_buckets = [resource for resource in wild if re.fullmatch(r"output-[A-Za-z0-9]+/\*", resource)]
        assert not whole_buckets, logical_id


def test_no_role_has_full_access(stage: Synthesized) -> None:
    for logical_id, role in stage.resources("AWS::IAM::Role").items():
        for policy in role["Properties"].get("ManagedPolicyArns", []):
            assert "FullAccess" not in str(policy), logical_id


def test_a_role_is_passed_to_sagemaker_only(stage: Synthesized) -> None:
    passing = [s for _, s in statements(stage) if "iam:PassRole" in listed(s["Action"])]
    assert len(passing) == 3  # the state machines pass the jobs' role, deploy_endpoint the endpoints'
    for statement in passing:
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        assert "*" not in text(statement["Resource"])


@MACHINES
def test_a_state_machine_may_make_every_call_of_its_states(stage: Synthesized, construct: str) -> None:
    allowed = {action for statement in of_machine(stage, construct) for action in listed(statement["Action"])}
    for integration in used_by(stage, construct):
        assert NEEDED[integration] <= allowed, integration


def test_no_call_is_allowed_that_no_state_makes(stage: Synthesized) -> None:
    allowed = {action for statement in of_machine(stage, "Pretraining") for action in listed(statement["Action"])}
    needed = set().union(*(NEEDED[integration] for integration in used_by(stage, "Pretraining")))
    assert allowed - ANY_RESOURCE == needed


def test_no_integration_is_used_that_a_role_was_not_checked_for(stage: Synthesized) -> None:
    assert used_by(stage, "Workflow") | used_by(stage, "Pretraining") == set(NEEDED)


@MACHINES
def test_jobs_are_watched_through_the_rules_that_step_functions_manages(stage: Synthesized, construct: str) -> None:
    (rules,) = [s["Resource"] for s in of_machine(stage, construct) if "events:PutRule" in listed(s["Action"])]
    names = {text(rule).rpartition("/")[2] for rule in rules}
    assert names == {f"StepFunctionsGetEventsForSageMaker{kind}JobsRule" for kind in ("Training", "Processing")}


@MACHINES
def test_a_state_machine_touches_only_names_of_its_stage(stage: Synthesized, construct: str) -> None:
    for statement in of_machine(stage, construct):
        if all(action.startswith("sagemaker:") for action in listed(statement["Action"])):
            for resource in listed(statement["Resource"]):
                assert f"/atelier-{stage.name}-" in text(resource)


@pytest.mark.parametrize("handler", ["RequestApproval", "Resume"])
def test_a_waiting_run_of_either_machine_can_be_answered(stage: Synthesized, handler: str) -> None:
    found = [
        text(resource)
        for logical_id, statement in statements(stage)
        if logical_id.startswith(f"Handlers{handler}") and "states:SendTaskSuccess" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    names = {f"atelier-{stage.name}-{machine}" for machine in ("workflow", "pretraining")}
    assert {arn.rpartition(":")[2] for arn in found} == names


def test_no_other_account_can_make_sagemaker_or_step_functions_use_our_roles(stage: Synthesized) -> None:
    trusting = [
        statement
        for role in stage.resources("AWS::IAM::Role").values()
        for statement in role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"]["Service"] in {"sagemaker.amazonaws.com", "states.amazonaws.com"}
    ]
    # Jobs, endpoints, and two machines.
    assert len(trusting) == 4
    for statement in trusting:
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_every_function_has_a_role_of_its_own(stage: Synthesized) -> None:
    functions = stage.resources("AWS::Lambda::Function").values()
    roles = [str(function["Properties"]["Role"]) for function in functions]
    assert len(roles) == len(set(roles))


def test_jobs_cannot_write_models_and_endpoints_cannot_write_either(stage: Synthesized) -> None:
    for logical_id, statement in statements(stage):
        if logical_id.startswith(("JobRole", "Role")) and "s3:PutObject" in listed(statement["Action"]):
            resources = [text(resource) for resource in listed(statement["Resource"])]
            assert not [resource for resource in resources if "BucketsModel" in resource], logical_id
