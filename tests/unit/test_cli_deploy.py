"""What deploy and destroy refuse before anything happens, say, and remove."""

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli.account import NotDeployedError, account_client, current_region, stage_outputs
from cli.cdk import CdkError, environment, qualifier, stacks
from cli.deploy import changed, expectation, require_approval, require_stage
from cli.deployed import describe
from cli.destroy import confirm, remove, require_unprotected
from cli.diff import definitions
from cli.leftovers import Leftover, logs, made_by_executions
from contracts.errors import InvalidInputError


def write_manifest(folder: Path, **stack_names: str) -> Path:
    artifacts = {
        key: {"type": "aws:cloudformation:stack", "properties": {"stackName": name, "templateFile": "t.json"}}
        for key, name in stack_names.items()
    }
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), encoding="utf-8")
    return folder


def client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]


def test_templates_of_another_stage_are_not_deployed(tmp_path: Path) -> None:
    with pytest.raises(CdkError, match="make synth writes it"):
        require_stage(tmp_path, "trial")
    write_manifest(tmp_path, Storage="atelier-dev-storage")
    with pytest.raises(CdkError, match="holds atelier-dev-storage; make synth STAGE=trial"):
        require_stage(tmp_path, "trial")
    require_stage(tmp_path, "dev")
    assert stacks(tmp_path) == {"atelier-dev-storage": "Storage"}
    assert qualifier(tmp_path) == "hnb659fds"
    assert environment(tmp_path) == ("", "")


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "us-east-1"),
        ({}, ""),
    ],
)
def test_the_region_is_the_one_that_the_cdk_command_deploys_to(
    variables: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/no/such/file")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert current_region() == region
    if region:
        assert account_client("sts").meta.region_name == region


def test_a_stage_is_looked_for_in_one_place_which_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        mock_aws(),
        pytest.raises(NotDeployedError, match=r"atelier-dev-api is not in eu-west-1 of .*REGION=… and PROFILE=…"),
    ):
        stage_outputs(lambda service: boto3.client(service, region_name="eu-west-1"), "dev", ["api"])  # type: ignore[call-overload]


def test_new_rights_are_approved_on_a_terminal_or_by_an_option() -> None:
    require_approval([], terminal=True)
    require_approval(["--require-approval", "never"], terminal=False)
    with pytest.raises(InvalidInputError, match="CDK_ARGS: got '--force'; allowed: --require-approval never"):
        require_approval(["--force"], terminal=False)


def test_an_output_that_keeps_its_name_and_changes_its_value_is_a_replacement() -> None:
    before = {("atelier-dev-storage", "Table"): "a", ("atelier-dev-storage", "Old"): "b"}
    after = {("atelier-dev-storage", "Table"): "c", ("atelier-dev-storage", "New"): "b"}
    assert changed(before, after) == ["atelier-dev-storage.Table"]
    assert changed({}, after) == []


def test_what_is_built_upon_what_is_said_before(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("ARG BASE_IMAGE=small\nFROM ${BASE_IMAGE}\n", encoding="utf-8")
    source = {"directory": ".", "dockerBuildArgs": {"BASE_IMAGE": "public.ecr.aws/x:1-cu133"}}
    image = {"source": source, "destinations": {"here": {"repositoryName": "r", "imageTag": "t"}}}
    (tmp_path / "assets.json").write_text(json.dumps({"dockerImages": {"a": image}}), encoding="utf-8")
    write_manifest(tmp_path, Serving="atelier-dev-serving")
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    manifest["artifacts"]["Assets"] = {"type": "cdk:asset-manifest", "properties": {"file": "assets.json"}}
    manifest["artifacts"]["Serving"]["dependencies"] = ["Assets"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    assert "Builds 1 images on public.ecr.aws/x:1-cu133" in expectation(tmp_path)


def test_a_person_confirms_with_the_stage_s_name() -> None:
    confirm("trial", lambda _: "trial\n")
    with pytest.raises(InvalidInputError, match="got 'yes'; allowed: trial"):
        confirm("trial", lambda _: "yes")
    with pytest.raises(InvalidInputError, match=r"no terminal.*YES=1"):
        confirm("trial", None)


def test_nothing_of_a_protected_stage_is_removed() -> None:
    protected, open_stack = {"EnableTerminationProtection": True}, {"EnableTerminationProtection": False}
    require_unprotected("dev", [protected, open_stack])
    with pytest.raises(InvalidInputError, match=r"without placement\.protected first"):
        require_unprotected("prod", [protected, protected])
    with pytest.raises(NotDeployedError, match="no stack of stage prod"):
        require_unprotected("prod", [])


def test_what_cannot_be_removed_does_not_stop_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "is updating"}}, "DeleteEndpoint")

    done: list[str] = []
    first = Leftover(kind="endpoint", name="a", remove=refuse)
    second = Leftover(kind="model", name="b", remove=lambda: done.append("b"))

    (problem,) = remove([first, second])

    assert problem.startswith("endpoint a: ")
    assert "is updating" in problem
    assert done == ["b"]
    assert capsys.readouterr().out == "removed model b\n"


def test_only_the_stage_s_own_names_are_found() -> None:
    with mock_aws():
        sagemaker = client("sagemaker")
        role = {"ExecutionRoleArn": "arn:aws:iam::123456789012:role/r", "PrimaryContainer": {"Image": "i"}}
        for name in ("atelier-dev-style-a-v1", "atelier-dev-serving-Model", "atelier-dev2-style-a-v1", "other"):
            sagemaker.create_model(ModelName=name, **role)
        sagemaker.create_model_package_group(ModelPackageGroupName="atelier-dev-a")
        owned = {"atelier-dev-serving-Model"}

        kept = made_by_executions(client, "atelier-dev", owned, keep_versions=True)
        everything = made_by_executions(client, "atelier-dev", owned, keep_versions=False)

        assert [(each.kind, each.name) for each in kept] == [("model", "atelier-dev-style-a-v1")]
        assert [each.name for each in everything] == ["atelier-dev-style-a-v1", "atelier-dev-a"]
        assert remove(kept) == []
        assert made_by_executions(client, "atelier-dev", owned, keep_versions=True) == []


def test_the_streams_of_other_stages_stay_in_the_log_groups_that_all_share() -> None:
    with mock_aws():
        service = client("logs")
        names = ["/aws/lambda/atelier-dev-x", "/aws/lambda/atelier-dev2-x", "/aws/sagemaker/Endpoints/Shared-1"]
        for name in [*names, "/aws/sagemaker/TrainingJobs", "API-Gateway-Execution-Logs_abc/live"]:
            service.create_log_group(logGroupName=name)
        for stream in ("atelier-dev-run-train/algo-1", "atelier-dev2-run-train/algo-1"):
            service.create_log_stream(logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=stream)

        assert remove(logs(client, "atelier-dev", ["Shared-1"], ["abc"])) == []

        groups = [group["logGroupName"] for group in service.describe_log_groups()["logGroups"]]
        assert groups == ["/aws/lambda/atelier-dev2-x", "/aws/sagemaker/TrainingJobs"]
        (stream,) = service.describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs")["logStreams"]
        assert stream["logStreamName"] == "atelier-dev2-run-train/algo-1"


def test_a_deployed_stage_says_how_it_is_used() -> None:
    machine = "arn:aws:states:eu-west-1:123456789012:stateMachine:atelier-dev-workflow"
    outputs = {
        "ApiUrl": "https://abc.execute-api.eu-west-1.amazonaws.com/live/",
        "StateMachineArn": machine,
        "PretrainingMachineArn": machine,
        "NewsTopicArn": "arn:aws:sns:eu-west-1:123456789012:news",
        **{"EndpointName": "shared", "DataBucketName": "data", "DashboardName": "atelier-dev-eu-west-1"},
    }
    stack = {"Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]}

    class Formation:
        def describe_stacks(self, **_: str) -> dict[str, Any]:
            return {"Stacks": [stack]}

    text = describe(lambda _: Formation(), "dev")

    assert "export API=https://abc.execute-api.eu-west-1.amazonaws.com/live\n" in text
    # In another region, or with another profile, the key would not be found.
    assert "make -s key STAGE=dev REGION=eu-west-1)" in text
    assert "https://eu-west-1.console.aws.amazon.com/sagemaker/home?region=eu-west-1#/endpoints/shared" in text
    assert "#dashboards/dashboard/atelier-dev-eu-west-1" in text


def test_a_definition_is_compared_line_by_line(tmp_path: Path) -> None:
    def template(seconds: int) -> dict[str, Any]:
        text = '{"States": {"Wait": {"Type": "Wait", "Seconds": ' + str(seconds) + '}, "Ask": {"Resource": "'
        parts = [text, {"Ref": "AWS::AccountId"}, '"}}}']
        machine = {"DefinitionString": {"Fn::Join": ["", parts]}}
        return {"Resources": {"Machine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine}}}

    write_manifest(tmp_path, Training="atelier-dev-training")
    (tmp_path / "t.json").write_text(json.dumps(template(10)), encoding="utf-8")

    class Formation:
        """An account that has the stack with the given template."""

        def __init__(self, deployed: dict[str, Any]) -> None:
            self.deployed = deployed

        def get_paginator(self, _: str) -> Any:
            return self

        def paginate(self) -> list[dict[str, Any]]:
            return [{"Stacks": [{"StackName": "atelier-dev-training", "CreationTime": 1}]}]

        def get_template(self, **_: str) -> dict[str, Any]:
            return {"TemplateBody": self.deployed}

    lines = list(definitions(lambda _: Formation(template(5)), "dev", tmp_path))

    assert [line for line in lines if line.startswith(("+ ", "- "))] == ['-      "Seconds": 5', '+      "Seconds": 10']
    assert '       "Resource": "<{Ref: AWS::AccountId}>"' in lines
    assert list(definitions(lambda _: Formation(template(10)), "dev", tmp_path)) == []
