"""What the pretraining machine's states send, evaluated with a real plan and checked against the services' own models."""

import dataclasses
from typing import Any

import botocore.validate
import pytest
from aws_cdk import App

from infra.application import add_stacks, feature_flags
from infra.config import STAGES
from infra.nag import findings
from infra.settings.pretraining import Lustre
from tests.infra.conftest import Synthesized
from tests.infra.definition import evaluate, resolve
from tests.infra.pretraining_plan import pretraining_plan, pretraining_variables
from tests.infra.test_requests import shape_of
from tests.unit.ops_pretraining import LUSTRE

TASKS = ("Shard", "Train", "Evaluate", "Register", "AutoApprove", "RequestApproval", "Publish", "Notify")
JOBS = ("Shard", "Train", "Evaluate")
FILE_SYSTEM = Lustre(
    file_system="fs-0123456789abcdef0",
    directory="/fsx/atelier",
    vpc="vpc-0123456789abcdef0",
    subnet="subnet-0123456789abcdef0",
)


def sent_by(definition: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
    return dict(evaluate(definition["States"][name]["Arguments"], pretraining_variables(**changes)))


def arguments(stage: Synthesized, name: str, **changes: Any) -> dict[str, Any]:
    return sent_by(stage.machine("Pretraining"), name, **changes)


def require_valid(sent: dict[str, Any], resource: str) -> None:
    report = botocore.validate.ParamValidator().validate(sent, shape_of(resource))
    assert not report.has_errors(), report.generate_report()


@pytest.mark.parametrize("name", TASKS)
def test_a_request_is_one_that_the_service_knows(stage: Synthesized, name: str) -> None:
    sent = arguments(stage, name)
    if "Payload" in sent:  # a blob: Step Functions writes the JSON itself
        sent["Payload"] = b"{}"
    require_valid(sent, stage.machine("Pretraining")["States"][name]["Resource"])


def test_pictures_are_dealt_out_and_everything_else_goes_to_every_host(stage: Synthesized) -> None:
    sources = {item["InputName"]: item["S3Input"] for item in arguments(stage, "Shard")["ProcessingInputs"]}
    dealt = {name: source["S3DataDistributionType"] for name, source in sources.items()}
    assert dealt == dict.fromkeys(("vocabulary", "captions", "labels"), "FullyReplicated") | {
        "pictures": "ShardedByS3Key"
    }


def test_pictures_without_label_maps_are_sharded_without_them(dev: Synthesized) -> None:
    plan = pretraining_plan()
    del plan["dataset"]["labels"]
    names = [item["InputName"] for item in arguments(dev, "Shard", plan=plan)["ProcessingInputs"]]
    assert names == ["vocabulary", "captions", "pictures"]


def test_an_execution_decides_on_how_many_hosts(dev: Synthesized) -> None:
    plan = pretraining_plan(instances={"shard": 7, "train": 4})
    assert plan["jobs"]["evaluate"]["instances"] == 1
    shard, train = arguments(dev, "Shard", plan=plan), arguments(dev, "Train", plan=plan)
    assert shard["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 7
    assert train["ResourceConfig"]["InstanceCount"] == 4
    assert arguments(dev, "Evaluate", plan=plan)["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1


def test_training_reads_what_sharding_wrote_and_evaluation_what_it_set_aside(dev: Synthesized) -> None:
    (written,) = arguments(dev, "Shard")["ProcessingOutputConfig"]["Outputs"]
    root = written["S3Output"]["S3Uri"]
    channels = {item["ChannelName"]: item["DataSource"] for item in arguments(dev, "Train")["InputDataConfig"]}
    assert channels["shards"]["S3DataSource"]["S3Uri"] == f"{root}train/"
    inputs = {item["InputName"]: item["S3Input"]["S3Uri"] for item in arguments(dev, "Evaluate")["ProcessingInputs"]}
    assert inputs["held_out"] == f"{root}held-out/"
    assert inputs["artifact"] == pretraining_variables()["artifact"]


def test_each_job_is_told_its_subcommand(dev: Synthesized) -> None:
    shard = arguments(dev, "Shard")["AppSpecification"]["ContainerArguments"]
    assert shard == [
        "shard",
        "--held-out",
        "0.02",
        '--safety={"sells": [], "also_refused": [], "unchecked": [], "most_bare": 1.0}',
    ]
    assert arguments(dev, "Train")["AlgorithmSpecification"]["ContainerArguments"] == ["pretrain"]
    evaluated = arguments(dev, "Evaluate", plan=pretraining_plan(gate={"denoising_loss": 0.3}))
    assert evaluated["AppSpecification"]["ContainerArguments"] == [
        *("evaluate-base", "--model", "unet", "--gate", '{"denoising_loss": 0.3}'),
    ]


def test_gpu_hosts_use_their_fast_network_and_stay_warm(dev: Synthesized) -> None:
    train = arguments(dev, "Train")
    assert train["ResourceConfig"]["InstanceType"] == "ml.p4d.24xlarge"
    assert train["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 600
    assert "VolumeKmsKeyId" not in train["ResourceConfig"]
    assert train["Environment"].keys() - {"ATELIER_EXECUTION"} == {"FI_PROVIDER"}
    assert train["EnableInterContainerTrafficEncryption"] is False


def test_cpu_hosts_talk_encrypted_and_let_their_machines_go(synthesize: Any) -> None:
    train = arguments(synthesize("trial"), "Train")
    assert train["EnableInterContainerTrafficEncryption"] is True
    assert "KeepAlivePeriodInSeconds" not in train["ResourceConfig"]
    assert train["ResourceConfig"]["VolumeKmsKeyId"]
    assert train["Environment"].keys() - {"ATELIER_EXECUTION"} == {"OMP_NUM_THREADS"}


def test_only_a_streaming_run_has_a_network(stage: Synthesized) -> None:
    assert arguments(stage, "Train")["EnableNetworkIsolation"] is True
    streaming = pretraining_plan(input_mode="stream")
    assert arguments(stage, "Train", plan=streaming)["EnableNetworkIsolation"] is False
    for name in ("Shard", "Evaluate"):
        assert arguments(stage, name)["NetworkConfig"]["EnableNetworkIsolation"] is True


def test_checkpoints_are_kept_and_what_jobs_write_is_encrypted(stage: Synthesized) -> None:
    train = arguments(stage, "Train")
    assert train["CheckpointConfig"]["S3Uri"] == pretraining_plan()["runs"]["checkpoints"]
    assert train["OutputDataConfig"]["KmsKeyId"]
    for name in ("Shard", "Evaluate"):
        assert arguments(stage, name)["ProcessingOutputConfig"]["KmsKeyId"]


def test_jobs_carry_the_tag_that_bills_are_sorted_by(stage: Synthesized) -> None:
    for name in JOBS:
        assert {"Key": "atelier:stage", "Value": stage.name} in arguments(stage, name)["Tags"]


def test_the_outcome_is_what_people_are_told(dev: Synthesized) -> None:
    notify = dev.machine("Pretraining")["States"]["Notify"]
    outcome = evaluate(notify["Output"], pretraining_variables())
    assert sorted(outcome) == ["base_model", "metrics", "notes", "package", "report", "uri", "version"]
    assert len(arguments(dev, "Notify")["Subject"]) <= 100


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Stage dev with a file system: its app and the training stack's template."""
    dev = STAGES["dev"]
    config = dataclasses.replace(dev.pretraining, lustre=FILE_SYSTEM, input_mode="FSx")
    app = App(context=feature_flags(), outdir=str(tmp_path_factory.mktemp("linked")))
    add_stacks(app, dataclasses.replace(dev, pretraining=config))
    return app, app.synth().get_stack_artifact("Training").template


def test_hosts_join_the_file_system_s_network(linked: Any) -> None:
    machines = {key: value for key, value in linked[1]["Resources"].items() if "DefinitionString" in str(value)[:400]}
    (machine,) = [value for key, value in machines.items() if key.startswith("PretrainingMachine")]
    definition = resolve(machine["Properties"]["DefinitionString"])
    plan = pretraining_plan(lustre=LUSTRE, input_mode="FSx")
    sent = sent_by(definition, "Train", plan=plan)
    require_valid(sent, definition["States"]["Train"]["Resource"])
    assert sent["VpcConfig"]["Subnets"] == [FILE_SYSTEM.subnet]
    assert "Network" in sent["VpcConfig"]["SecurityGroupIds"][0]
    source = sent["InputDataConfig"][0]["DataSource"]["FileSystemDataSource"]
    assert (source["FileSystemId"], source["FileSystemAccessMode"]) == (FILE_SYSTEM.file_system, "ro")


def test_members_of_the_group_may_say_anything_to_each_other(linked: Any) -> None:
    resources = linked[1]["Resources"].values()
    for kind, other in (("Ingress", "SourceSecurityGroupId"), ("Egress", "DestinationSecurityGroupId")):
        (rule,) = [r["Properties"] for r in resources if r["Type"] == f"AWS::EC2::SecurityGroup{kind}"]
        assert rule["IpProtocol"] == "-1"
        assert rule[other] == rule["GroupId"]


def test_the_jobs_role_may_join_and_mount_and_nothing_is_left_to_accept(linked: Any) -> None:
    text = str([r for r in linked[1]["Resources"].values() if r["Type"] == "AWS::IAM::Policy"])
    assert "ec2:CreateNetworkInterface" in text
    assert "fsx:DescribeFileSystems" in text
    assert [(v.rule_name, [r.construct_path for r in v.violating_resources]) for v in findings(linked[0])] == []


def test_without_a_file_system_hosts_that_pretrain_are_where_every_job_is(stage: Synthesized) -> None:
    shard = arguments(stage, "Shard")["NetworkConfig"]
    assert arguments(stage, "Train").get("VpcConfig") == shard.get("VpcConfig")
