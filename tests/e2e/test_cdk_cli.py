"""The real CDK command deploys, upgrades and destroys a stage in a local cloud, as ``make deploy`` and ``make destroy`` run it.

Only docker is stood in for. Models are not loaded: the image that answers is a toy, in the place of ours.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aws_cdk import App

from cli.account import stage_outputs
from cli.cdk import cdk, stacks
from cli.main import main
from contracts.hosting import VARIANT
from infra.application import add_stacks, feature_flags
from infra.config import STAGES
from infra.settings.stage import Stage
from local.cloud import LocalCloud
from tests.integration import local_toy

TRIAL = STAGES["trial"]
BEFORE = replace(TRIAL, serving=replace(TRIAL.serving, upscaler=None))
AFTER = replace(
    TRIAL,
    log_days=14,
    serving=replace(TRIAL.serving, instance="ml.m5.2xlarge", most_instances=2, upscaler="tiny-upscaler"),
)
APPROVED = "--cdk=--require-approval never"


def synthesize(stage: Stage, folder: Path) -> Path:
    """The stage's assembly, with the toy's image in place of its two."""
    app = App(context=feature_flags(), outdir=str(folder))
    add_stacks(app, stage)
    app.synth()
    for manifest in folder.glob("*.assets.json"):
        for image in json.loads(manifest.read_text(encoding="utf-8")).get("dockerImages", {}).values():
            context = folder / image["source"]["directory"]
            if not (context / "code").exists():
                local_toy.write_image(context)
            (context / "Dockerfile").replace(context / image["source"]["dockerFile"])
    return folder


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud of its own: what is there is listed."""
    with LocalCloud(tmp_path / "run") as started:
        yield started


def make_version(cloud: LocalCloud) -> None:
    """What an execution makes for a style that is fine-tuned in full: a version in the registry, an endpoint, its scaling and alarm."""
    sagemaker, name = cloud.client("sagemaker"), "atelier-trial-style-teal-v1"
    (shared,) = sagemaker.list_endpoints()["Endpoints"]
    config = sagemaker.describe_endpoint(EndpointName=shared["EndpointName"])["EndpointConfigName"]
    described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    (variant,) = described["ProductionVariants"]
    model = sagemaker.describe_model(ModelName=variant["ModelName"])
    made = {key: model[key] for key in ("ExecutionRoleArn", "PrimaryContainer")}
    sagemaker.create_model(ModelName=name, **made)
    settings = {"AsyncInferenceConfig": described["AsyncInferenceConfig"]}
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[{**variant, "ModelName": name}], **settings
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1})
    cloud.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        ResourceId=f"endpoint/{name}/variant/{variant['VariantName']}",
        MinCapacity=0,
        MaxCapacity=1,
    )
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{name}-failures",
        Namespace="AWS/SageMaker",
        MetricName="InvocationFailures",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Statistic="Sum",
    )
    sagemaker.create_model_package_group(ModelPackageGroupName="atelier-trial-teal")


def remains(cloud: LocalCloud) -> dict[str, list[str]]:
    """The names of everything that is still there, of the kinds that templates and executions make."""
    sagemaker, scaling = cloud.client("sagemaker"), cloud.client("application-autoscaling")
    logs = cloud.client("logs").describe_log_groups()["logGroups"]
    return {
        "stacks": [stack["StackName"] for stack in cloud.client("cloudformation").describe_stacks()["Stacks"]],
        "endpoints": [e["EndpointName"] for e in sagemaker.list_endpoints()["Endpoints"]],
        "configs": [c["EndpointConfigName"] for c in sagemaker.list_endpoint_configs()["EndpointConfigs"]],
        "models": [m["ModelName"] for m in sagemaker.list_models()["Models"]],
        "groups": [
            g["ModelPackageGroupName"] for g in sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        ],
        "targets": [
            t["ResourceId"] for t in scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
        ],
        "alarms": [a["AlarmName"] for a in cloud.client("cloudwatch").describe_alarms()["MetricAlarms"]],
        "functions": [f["FunctionName"] for f in cloud.client("lambda").list_functions()["Functions"]],
        "tables": cloud.client("dynamodb").list_tables()["TableNames"],
        "logs": [group["logGroupName"] for group in logs],
        "buckets": [bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]],
    }


def test_a_stage_is_deployed_upgraded_and_destroyed_by_the_cdk_command(
    cloud: LocalCloud, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = synthesize(BEFORE, tmp_path / "first"), synthesize(AFTER, tmp_path / "second")
    local_toy.use_as_aws(cloud, monkeypatch)

    assert main(["bootstrap", "trial", f"--assembly={first}"]) == 0
    empty = remains(cloud)
    assert main(["deploy", "trial", f"--assembly={first}", APPROVED]) == 0
    before = stage_outputs(cloud.client, "trial")
    said = capfd.readouterr().out
    assert "Builds 2 images on" in said
    assert f"export API={before['ApiUrl'].rstrip('/')}\n" in said

    # The command writes its log to stdout where CI is set, to stderr elsewhere.
    cdk(["deploy", "--all"], first)
    assert "".join(capfd.readouterr()).count("(no changes)") == len(stacks(first))
    cdk(["diff"], first)
    assert "Number of stacks with differences: 0" in "".join(capfd.readouterr())

    cloud.client("s3").put_object(Bucket=before["DataBucketName"], Key="datasets/teal/1.png", Body=b"kept")
    cloud.client("dynamodb").put_item(TableName=before["TableName"], Item={"pk": {"S": "kept"}})
    assert main(["deploy", "trial", f"--assembly={second}", APPROVED]) == 0
    check_upgrade(cloud, before)

    make_version(cloud)
    assert main(["destroy", "trial", f"--assembly={second}"]) == 2
    assert "confirmation: got 'no terminal'; allowed: trial" in capfd.readouterr().err
    assert main(["destroy", "trial", f"--assembly={second}", "--yes"]) == 0
    assert remains(cloud) == empty


def check_upgrade(cloud: LocalCloud, before: dict[str, str]) -> None:
    """The new endpoint, its limits, the new model and log days are there, whoever asks the endpoint asks the new one, and data is kept."""
    after = stage_outputs(cloud.client, "trial")
    assert after["EndpointName"] != before["EndpointName"]
    there = remains(cloud)
    assert there["endpoints"] == [after["EndpointName"]]
    assert there["targets"] == [f"endpoint/{after['EndpointName']}/variant/{VARIANT}"]
    (target,) = cloud.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")[
        "ScalableTargets"
    ]
    assert target["MaxCapacity"] == AFTER.serving.most_instances
    functions = cloud.client("lambda").list_functions()["Functions"]
    asked = {f["Environment"]["Variables"].get("ENDPOINT_NAME") for f in functions if "Environment" in f}
    assert asked == {None, after["EndpointName"]}
    s3, models = cloud.client("s3"), {"Bucket": after["ModelBucketName"], "Prefix": "base/tiny-upscaler@"}
    assert s3.list_objects_v2(**models)["KeyCount"] > 1
    days = {group.get("retentionInDays") for group in cloud.client("logs").describe_log_groups()["logGroups"]}
    assert AFTER.log_days in days
    assert BEFORE.log_days not in days
    assert s3.get_object(Bucket=before["DataBucketName"], Key="datasets/teal/1.png")["Body"].read() == b"kept"
    record = {"TableName": after["TableName"], "Key": {"pk": {"S": "kept"}}}
    assert "Item" in cloud.client("dynamodb").get_item(**record)
