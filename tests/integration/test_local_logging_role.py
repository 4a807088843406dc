"""API Gateway has one role for the logs of all REST APIs of an account and region: no stack may take it away from the others."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import LocalCloud
from local.errors import DeploymentError
from tests.integration import local_toy
from tests.integration.local_toy import arn, role, until

Record = dict[str, Any]
STAGE = {
    "Type": "AWS::ApiGateway::Stage",
    "Properties": {
        "RestApiId": {"Ref": "Rest"},
        "DeploymentId": {"Ref": "Deployment"},
        "StageName": "live",
        "MethodSettings": [{"HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": "ERROR"}],
    },
}


def template(*, policy: str = "", service: str = "apigateway.amazonaws.com", account: bool = True) -> Record:
    """An API whose stage logs, and the account's setting, whose role has the deletion policy."""
    kept = {"DeletionPolicy": policy} if policy else {}
    setting = {
        "LogRole": role(service, []) | kept,
        "Account": {
            "Type": "AWS::ApiGateway::Account",
            "Properties": {"CloudWatchRoleArn": arn("LogRole")},
            **kept,
        },
    }
    return {
        "Resources": {
            "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "api"}},
            "Method": {
                "Type": "AWS::ApiGateway::Method",
                "Properties": {
                    "RestApiId": {"Ref": "Rest"},
                    "ResourceId": {"Fn::GetAtt": ["Rest", "RootResourceId"]},
                    "HttpMethod": "GET",
                    "AuthorizationType": "NONE",
                    "Integration": {"Type": "MOCK"},
                },
            },
            "Deployment": {
                "Type": "AWS::ApiGateway::Deployment",
                "DependsOn": ["Method"],
                "Properties": {"RestApiId": {"Ref": "Rest"}},
            },
            **(setting if account else {}),
            "Stage": STAGE | ({"DependsOn": ["Account"]} if account else {}),
        }
    }


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud of its own, in whose account nothing is set."""
    with LocalCloud(tmp_path / "run") as started:
        yield started


def deleted(cloud: LocalCloud, stack: str) -> str:
    """The status of a stack after its deletion."""
    client = cloud.client("cloudformation")
    arn = client.describe_stacks(StackName=stack)["Stacks"][0]["StackId"]
    client.delete_stack(StackName=stack)

    def done() -> str | None:
        status = str(client.describe_stacks(StackName=arn)["Stacks"][0]["StackStatus"])
        return status if status in ("DELETE_COMPLETE", "DELETE_FAILED") else None

    return str(until(done, cloud))


def test_a_stack_that_goes_leaves_the_others_their_logs(cloud: LocalCloud, tmp_path: Path) -> None:
    def deploy(**stacks: Record) -> None:
        cloud.deploy(local_toy.write_assembly(tmp_path / "out", stacks))

    with pytest.raises(DeploymentError, match="role ARN must be set in account settings"):
        deploy(Bare=template(account=False))
    with pytest.raises(DeploymentError, match="does not have required permissions"):
        deploy(Stranger=template(service="lambda.amazonaws.com"))

    deploy(First=template(policy="Retain"), Second=template(policy="Retain"))
    assert deleted(cloud, "Second") == "DELETE_COMPLETE"
    setting = cloud.client("apigateway").get_account()["cloudwatchRoleArn"]
    assert cloud.client("iam").get_role(RoleName=setting.rpartition("/")[2])
    deploy(Third=template(account=False))

    deploy(Faulty=template())
    assert deleted(cloud, "Faulty") == "DELETE_FAILED"
