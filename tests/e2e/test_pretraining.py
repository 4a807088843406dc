"""A base model from drawn figures: sharded on two hosts, trained on two hosts, judged, registered, published, and used."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.config import STAGES
from models.tiny.make import upload
from tests.e2e.studio import Ended, Studio
from tests.e2e.test_bad_input import failed_at

BASE = STAGES["local"].default_model.reference
PICTURES = 60
FEW = {"steps": 4, "batch": 4, "warmup": 1, "checkpoint_every": 2, "streams": 2}
GATE = {"denoising_loss": 1_000, "held_out": 1}


@pytest.fixture(scope="module")
def figures(studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("figures")
    upload.write(folder, pictures=PICTURES, seed=11, side=96)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return studio.upload("drawn-figures", files)


def start(studio: Studio, execution: str, **given: Any) -> str:
    started = studio.client("stepfunctions").start_execution(
        stateMachineArn=studio.deployment.outputs["PretrainingMachineArn"],
        name=execution,
        input=json.dumps({"name": execution, "dataset": "drawn-figures", "held_out": 0.05, **given}),
    )
    return str(started["executionArn"])


def pretrain(studio: Studio, execution: str, **given: Any) -> Ended:
    return studio.wait(start(studio, execution, **given))


@pytest.fixture(scope="module")
def ended(studio: Studio, figures: str) -> Ended:
    return pretrain(studio, "drawn", hyperparameters=FEW, gate=GATE)


def test_a_run_ends_in_a_base_model(studio: Studio, ended: Ended) -> None:
    assert ended.status == "SUCCEEDED", ended
    assert ended.output["base_model"] == "drawn@1"
    assert ended.output["metrics"]["denoising_loss"] > 0
    manifest = json.loads(read(studio, "Model", "base/drawn@1/manifest.json"))
    parent = STAGES["local"].default_model
    told = (parent.family, parent.task, parent.resolution)
    assert (manifest["family"], manifest["task"], manifest["resolution"]) == told
    assert manifest["origin"]["parents"] == [BASE]
    assert manifest["origin"]["metrics"] == ended.output["metrics"]
    assert manifest["origin"]["hyperparameters"]["steps"] == "4"
    assert len(manifest["origin"]["dataset_sha256"]) == 64
    assert keys(studio, "Model", "base/drawn@1/") == {*manifest["files"], "manifest.json"}
    assert {"model_index.json", "unet/config.json", "training_log.jsonl"} <= set(manifest["files"])


def test_its_package_is_registered_and_approved(studio: Studio, ended: Ended) -> None:
    (package,) = studio.packages("-base-drawn")
    assert package["ModelPackageArn"] == ended.output["package"]
    assert package["ModelApprovalStatus"] == "Approved"
    described = studio.client("sagemaker").describe_model_package(ModelPackageName=ended.output["package"])
    assert described["CustomerMetadataProperties"]["base_model"] == BASE


def test_both_hosts_made_shards_of_all_samples(studio: Studio, ended: Ended) -> None:
    counted = {}
    for part in ("train", "held-out"):
        prefix = f"runs/pretrain-drawn/shard/{part}/"
        indexes = {name for name in keys(studio, "Data", prefix) if name.startswith("index-")}
        assert indexes == {"index-algo-1.json", "index-algo-2.json"}
        shards = [json.loads(read(studio, "Data", prefix + name))["shards"] for name in sorted(indexes)]
        counted[part] = [sum(index.values()) for index in shards]
    assert min(counted["train"]) > PICTURES / 4
    assert sum(counted["train"]) + sum(counted["held-out"]) == PICTURES


def test_both_hosts_trained_together(studio: Studio, ended: Ended) -> None:
    job = studio.client("sagemaker").describe_training_job(TrainingJobName="atelier-local-pretrain-drawn-train")
    assert job["ResourceConfig"]["InstanceCount"] == 2
    assert [channel["InputMode"] for channel in job["InputDataConfig"]] == ["FastFile", "File"]
    logs = studio.client("logs")
    events = logs.filter_log_events(logGroupName="/aws/sagemaker/TrainingJobs")["events"]
    for number, host in enumerate(("algo-1", "algo-2")):
        stream = f"{job['TrainingJobName']}/{host}"
        lines = [event["message"] for event in events if event["logStreamName"].startswith(stream)]
        assert any(re.search(rf"--nnodes 2 --node-rank {number}\b", line) for line in lines), host
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"].partition("/runs/")[2]
    summary = json.loads(read(studio, "Data", f"runs/{artifact}/pretraining.json"))
    assert (summary["processes"], summary["shards"]) == (2, 2)


def test_a_fine_tuning_run_starts_from_it_and_where_it_misses_its_gate_is_registered_as_rejected(
    studio: Studio, ended: Ended
) -> None:
    tuned = studio.run(
        "on-drawn", base_model="drawn@1", task="text-to-image", deploy="none", gate={"garment_share": 9.5}
    )
    failed_at("Gate", tuned, "garment_share", "9.5")
    assert studio.published("on-drawn") == set()
    (rejected,) = studio.packages("on-drawn")
    package = studio.client("sagemaker").describe_model_package(ModelPackageName=rejected["ModelPackageArn"])
    assert package["ModelApprovalStatus"] == "Rejected"
    assert package["ApprovalDescription"].startswith("gate not met: garment_share")
    card = json.loads(package["ModelCard"]["ModelCardContent"])
    assert card["additional_information"]["custom_details"]["base_model"] == "drawn@1"
    job = studio.client("sagemaker").describe_training_job(TrainingJobName="atelier-local-on-drawn-train")
    channels = {each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in job["InputDataConfig"]}
    assert channels["base"].endswith("/base/drawn@1/")


def test_a_segmenter_of_streamed_shards_is_not_published_where_a_person_rejects_it(
    studio: Studio, figures: str
) -> None:
    few = {**FEW, "model": "segmenter", "vision_steps": 2}
    gate = {"held_out": 1}
    arn = start(studio, "asked", input_mode="stream", approval="manual", hyperparameters=few, gate=gate)
    studio.until_state(arn, "RequestApproval")
    (package,) = studio.packages("-base-asked")
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    studio.client("sagemaker").update_model_package(
        ModelPackageArn=package["ModelPackageArn"], ModelApprovalStatus="Rejected", ApprovalDescription="too green"
    )
    failed_at("RequestApproval", studio.wait(arn), "ModelPackageRejected", "too green")
    assert keys(studio, "Model", "base/asked@") == set()
    job = studio.client("sagemaker").describe_training_job(TrainingJobName="atelier-local-pretrain-asked-train")
    assert [channel["ChannelName"] for channel in job["InputDataConfig"]] == ["base"]
    assert job["HyperParameters"]["shards_uri"].endswith("/runs/pretrain-asked/shard/train/")


def test_a_bad_sample_fails_the_run_with_its_key(studio: Studio, figures: str, tmp_path: Path) -> None:
    upload.write(tmp_path, pictures=12, seed=12, side=64)
    files = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    files["pictures/000007.png"] = files["pictures/000007.png"][:900]
    studio.upload("torn-figures", files)
    torn = pretrain(studio, "torn", dataset="torn-figures", held_out=0.5)
    failed_at("Shard", torn, "UnreadablePictureError", "sample 000007", "$0.0")
    assert keys(studio, "Model", "base/torn@") == set()
    record = json.loads(read(studio, "Data", "runs/pretrain-torn/failure.json"))
    assert (record["step"], record["base_model"]) == ("Shard", "torn")


def read(studio: Studio, bucket: str, key: str) -> bytes:
    return bytes(studio.client("s3").get_object(Bucket=studio.bucket(bucket), Key=key)["Body"].read())


def keys(studio: Studio, bucket: str, prefix: str) -> set[str]:
    listed = studio.client("s3").list_objects_v2(Bucket=studio.bucket(bucket), Prefix=prefix)
    return {item["Key"].removeprefix(prefix) for item in listed.get("Contents", [])}
