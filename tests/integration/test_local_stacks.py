"""What CloudFormation refuses to make and to delete."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud import LocalCloud
from tests.integration.local_toy import allow, arn, role, until

Record = dict[str, Any]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud, empty."""
    with LocalCloud(tmp_path_factory.mktemp("stacks")) as started:
        yield started


def stacked(cloud: LocalCloud, name: str, resources: Record, operation: str = "create") -> tuple[str, str]:
    """The stack's status once it has been created or deleted, and why resources of it failed."""
    formation = cloud.client("cloudformation")
    if operation == "create":
        body = json.dumps({"Resources": resources})
        stack = formation.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])[
            "StackId"
        ]
    else:
        stack = formation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        formation.delete_stack(StackName=name)

    def ended() -> str:
        status = str(formation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
        return "" if status.endswith("IN_PROGRESS") else status

    status = until(ended, cloud)
    events = formation.describe_stack_events(StackName=stack)["StackEvents"]
    return status, "; ".join(e.get("ResourceStatusReason", "") for e in events if "FAILED" in e["ResourceStatus"])


def test_a_stack_makes_nothing_under_a_name_that_is_taken(cloud: LocalCloud) -> None:
    cloud.client("logs").create_log_group(logGroupName="/taken")
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/taken"}}
    status, why = stacked(cloud, "group", {"Group": group})
    assert (status, "'AWS::Logs::LogGroup' with identifier '/taken' already exists" in why) == (
        "ROLLBACK_COMPLETE",
        True,
    )
    assert cloud.client("logs").describe_log_groups(logGroupNamePrefix="/taken")["logGroups"]
    # What a stack kept is taken, too.
    queue = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain", "Properties": {"QueueName": "kept"}}
    assert stacked(cloud, "queue", {"Queue": queue})[0] == "CREATE_COMPLETE"
    assert stacked(cloud, "queue", {}, "delete")[0] == "DELETE_COMPLETE"
    assert "'kept' already exists" in stacked(cloud, "queue", {"Queue": queue})[1]


def test_a_bucket_that_holds_something_is_not_deleted(cloud: LocalCloud) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "full"}}
    stacked(cloud, "bucket", {"Bucket": bucket})
    cloud.client("s3").put_object(Bucket="full", Key="a", Body=b"a")
    status, why = stacked(cloud, "bucket", {}, "delete")
    assert (status, "is not empty" in why) == ("DELETE_FAILED", True)
    cloud.client("s3").delete_object(Bucket="full", Key="a")
    assert stacked(cloud, "bucket", {}, "delete")[0] == "DELETE_COMPLETE"


def test_a_function_s_role_trusts_lambda_and_reaches_where_failures_go(cloud: LocalCloud) -> None:
    role_arn, right = arn("Role"), allow("sqs:SendMessage", on=arn("Queue"))
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.h",
            "Role": role_arn,
            "Code": {"ZipFile": "h = None"},
        },
    }
    failures = {
        "Type": "AWS::Lambda::EventInvokeConfig",
        "Properties": {
            "FunctionName": {"Ref": "Function"},
            "Qualifier": "$LATEST",
            "DestinationConfig": {"OnFailure": {"Destination": arn("Queue")}},
        },
    }
    queue = {"Type": "AWS::SQS::Queue"}
    untrusting = {"Queue": queue, "Role": role("states.amazonaws.com", [right]), "Function": function}
    assert "cannot be assumed by Lambda" in stacked(cloud, "untrusting", untrusting)[1]
    whole = untrusting | {"Role": role("lambda.amazonaws.com", [right]), "Failures": failures}
    assert stacked(cloud, "whole", whole)[0] == "CREATE_COMPLETE"
    rightless = whole | {"Role": role("lambda.amazonaws.com", [allow("logs:PutLogEvents")])}
    assert "permissions to call SendMessage on SQS" in stacked(cloud, "rightless", rightless)[1]
