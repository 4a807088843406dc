"""Preparing and publishing a pretraining run: what a good input becomes, how bad ones are refused, what a base model says of itself."""

import json
from typing import Any

import pytest

from atelier_ops.errors import ArtifactIncompleteError, VersionTakenError
from atelier_ops.logic.gate import judge
from atelier_ops.logic.names import LONGEST_ARGUMENT
from atelier_ops.logic.pretraining import Dependencies
from atelier_ops.logic.publish_base import publish_base
from atelier_training.arguments import parser
from contracts.artifact import BaseManifest, to_json
from contracts.corpus import is_held_out
from contracts.errors import InvalidInputError
from contracts.pretrain_hyperparameters import PretrainHyperparameters
from contracts.pretraining_metrics import METRICS
from contracts.safety.refusal import RefusedWordsError
from contracts.safety.rules import SafetyRules
from tests.unit.ops_fakes import PNG, MemoryBuckets
from tests.unit.ops_pretraining import (
    JOBS,
    KEYS,
    LUSTRE,
    VOCABULARY,
    make_pretraining_stage,
    pretraining_plan_of,
    put_base_artifact,
)
from tests.unit.ops_stage import make_stage, plan_of

Stage = tuple[MemoryBuckets, Dependencies]
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test--base-drawn/1"


@pytest.fixture
def stage() -> Stage:
    return make_pretraining_stage()


def refused(stage: Stage, **changes: Any) -> str:
    with pytest.raises(InvalidInputError) as caught:
        pretraining_plan_of(stage[1], **changes)
    return str(caught.value)


def test_a_plan_names_everything_later_states_need(stage: Stage) -> None:
    plan = pretraining_plan_of(stage[1], instances={"shard": 3})
    runs = "s3://data/runs/pretrain-first"
    assert (plan["execution"], plan["name"], plan["model"]) == ("pretrain-first", "drawn", "unet")
    hosts = {"shard": 3, "train": 2, "evaluate": 1}
    assert plan["jobs"] == {
        key: {**facts, "name": f"atelier-test-pretrain-first-{key}", "instances": hosts[key]}
        for key, facts in JOBS.items()
    }
    assert plan["runs"]["held_out"] == f"{runs}/shard/held-out/"
    assert plan["dataset"]["samples"] == len(KEYS)
    assert plan["dataset"]["pictures"] == "s3://data/datasets/figures/pictures/"
    licence = "Apache-2.0: not commercial"
    assert plan["base"] == {"reference": "tiny@v1", "uri": "s3://model/base/tiny@v1/", "licence": licence}
    assert plan["model_package_group"] == "atelier-test--base-drawn"
    assert json.loads(json.dumps(plan)) == plan


def test_a_fine_tuning_run_of_the_same_name_shares_nothing_with_it(stage: Stage) -> None:
    ours, other = pretraining_plan_of(stage[1], "run-1"), plan_of(make_stage()[1], "run-1")
    assert set(ours["runs"].values()).isdisjoint(other["runs"].values())
    names, others = ({job["name"] for job in plan["jobs"].values()} for plan in (ours, other))
    assert names.isdisjoint(others)
    assert pretraining_plan_of(stage[1], name="skirt")["model_package_group"] != other["model_package_group"]


def test_the_training_job_reads_its_hyperparameters_back(stage: Stage) -> None:
    given = {"steps": 7, "sharding": "fsdp", "from_nothing": True}
    strings = pretraining_plan_of(stage[1], hyperparameters=given)["hyperparameters"]
    assert PretrainHyperparameters.from_strings(strings) == PretrainHyperparameters.from_json(given)


@pytest.mark.parametrize("mode", ["File", "FastFile"])
def test_shards_come_in_a_channel_that_every_host_sees_whole(stage: Stage, mode: str) -> None:
    shards, base = pretraining_plan_of(stage[1], input_mode=mode)["channels"]
    assert (shards["ChannelName"], shards["InputMode"]) == ("shards", mode)
    source = shards["DataSource"]["S3DataSource"]
    assert source["S3Uri"] == "s3://data/runs/pretrain-first/shard/train/"
    assert source["S3DataDistributionType"] == "FullyReplicated"
    assert (base["ChannelName"], base["InputMode"]) == ("base", "File")


def test_a_streaming_run_has_no_channel_of_shards_and_a_network(stage: Stage) -> None:
    plan = pretraining_plan_of(stage[1], input_mode="stream")
    assert [channel["ChannelName"] for channel in plan["channels"]] == ["base"]
    assert plan["hyperparameters"]["shards_uri"] == "s3://data/runs/pretrain-first/shard/train/"
    assert plan["isolated"] is False
    assert pretraining_plan_of(stage[1])["isolated"] is True


def test_a_file_system_is_read_where_the_bucket_is_linked_to_it() -> None:
    plan = pretraining_plan_of(make_pretraining_stage(lustre=LUSTRE)[1], input_mode="FSx")
    assert plan["channels"][0]["DataSource"]["FileSystemDataSource"] == {
        "FileSystemId": "fs-0123456789abcdef0",
        "FileSystemAccessMode": "ro",
        "FileSystemType": "FSxLustre",
        "DirectoryPath": "/fsx/atelier/runs/pretrain-first/shard/train",
    }


def test_each_kind_of_model_starts_from_the_first_base_model_that_fits(stage: Stage) -> None:
    plan = pretraining_plan_of(stage[1], hyperparameters={"model": "segmenter"})
    assert plan["base"]["reference"] == "clipseg@v1"
    message = refused(stage, hyperparameters={"model": "segmenter"}, base_model="tiny")
    assert "got 'tiny'; allowed: a base model of family clipseg" in message
    assert "the upscaler is trained" in refused(stage, hyperparameters={"model": "upscaler"})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "tiny"}, "input.name: got 'tiny'; allowed: a name other than"),
        ({"input_mode": "FSx"}, "this stage has no file system"),
        ({"dataset": "s3://other/datasets/figures/"}, "allowed: NAME, or s3://data/datasets/NAME/"),
        ({"dataset": "nothing"}, "data set datasets/nothing/: got 'no dataset.json'"),
        ({"instances": {"shard": 61}}, "allowed: at most 60, the number of pictures"),
        ({"held_out": 0.001}, "which sets 0 of 60 samples aside"),
    ],
)
def test_a_wrong_input_is_refused_before_anything_is_paid(stage: Stage, changes: dict[str, Any], says: str) -> None:
    assert says in refused(stage, **changes)


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("pictures/a.b.png", PNG, "pictures/a.b.png: got 'a.b'; allowed: a sample's key"),
        ("pictures/notes.txt", b"x", "pictures/notes.txt: got '.txt'"),
        ("pictures/000.jpg", PNG, "a second file with key 000"),
        ("pictures/sub/000.png", PNG, "pictures/sub/000.png"),
        ("pictures/new.png", PNG, "labels/new.png: got 'no such file'"),
        ("labels/new.png", PNG, "labels/new.png: got 'no picture new'"),
        ("dataset.json", b"{}", "missing key 'labels'"),
    ],
)
def test_a_data_set_that_is_not_whole_is_refused_by_name(stage: Stage, path: str, body: bytes, says: str) -> None:
    stage[0].put("data", f"datasets/figures/{path}", body)
    assert says in refused(stage)


def test_what_a_data_set_has_no_use_for_is_named_and_too_much_of_it_refused(stage: Stage) -> None:
    before = pretraining_plan_of(stage[1])
    for name in (".DS_Store", "pictures/.DS_Store", "pictures/._000.png", "labels/Thumbs.db", "__MACOSX/x"):
        stage[0].put("data", f"datasets/figures/{name}", b"x")
    assert pretraining_plan_of(stage[1]) == before
    stage[0].put("data", "datasets/figures/README.md", b"x")
    assert pretraining_plan_of(stage[1])["notes"] == ["1 file is not used: README.md"]
    for index in range(len(KEYS)):
        stage[0].put("data", f"datasets/figures/raw/{index}.png", PNG)
    assert "files that are not used" in refused(stage)


def test_a_vocabulary_may_have_a_byte_order_mark_but_no_other_encoding(stage: Stage) -> None:
    text = json.dumps(VOCABULARY)
    stage[0].put("data", "datasets/figures/dataset.json", b"\xef\xbb\xbf" + text.encode())
    assert pretraining_plan_of(stage[1])
    stage[0].put("data", "datasets/figures/dataset.json", text.encode("utf-16"))
    assert "dataset.json: got the bytes ff fe" in refused(stage)


def test_keys_that_the_data_set_holds_back_count(stage: Stage) -> None:
    kept = next(key for key in KEYS if not is_held_out(key, 0.001))
    body = json.dumps({**VOCABULARY, "held_out": [kept]}).encode()
    stage[0].put("data", "datasets/figures/dataset.json", body)
    assert pretraining_plan_of(stage[1], held_out=0.001)["dataset"]["samples"] == len(KEYS)


def test_label_maps_are_optional_but_not_by_the_picture(stage: Stage) -> None:
    for key in KEYS:
        stage[0].store("data").delete(f"datasets/figures/labels/{key}.png")
    assert "labels" not in pretraining_plan_of(stage[1])["dataset"]


def test_changing_one_picture_changes_the_data_set_s_hash(stage: Stage) -> None:
    before = pretraining_plan_of(stage[1])["dataset"]["sha256"]
    stage[0].put("data", "datasets/figures/pictures/000.png", PNG + b"x")
    assert pretraining_plan_of(stage[1])["dataset"]["sha256"] != before


def published(stage: Stage, artifact: str, execution: str = "first") -> dict[str, Any]:
    buckets, dependencies = stage
    event = {"plan": pretraining_plan_of(dependencies, execution), "artifact": artifact, "package": PACKAGE}
    registered = {**event, "version": "1", "metrics": {"denoising_loss": 0.1}}
    return publish_base(registered, buckets.store("data"), buckets.store("model"))


TERMS = {"licence_text": "here", "commercial": "yes", "restricted": True, "stage": "preview", "retires": "2027-07-01"}


def test_a_published_base_model_says_where_it_came_from_and_has_its_parent_s_terms(stage: Stage) -> None:
    parent = BaseManifest.from_json(stage[0].store("model").json("base/tiny@v1/manifest.json")).model_copy(update=TERMS)
    stage[0].put("model", "base/tiny@v1/manifest.json", to_json(parent).encode())
    artifact = put_base_artifact(stage[0])
    stage[0].writes.clear()
    assert published(stage, artifact) == {"reference": "drawn@1", "uri": "s3://model/base/drawn@1/"}
    manifest = BaseManifest.from_json(stage[0].store("model").json("base/drawn@1/manifest.json"))
    assert (manifest.task, manifest.family, manifest.resolution) == ("inpaint", "sd1", 64)
    assert manifest.defaults.to_json() == {"guidance_scale": 2.5}, "how it likes to be used it has from its parent"
    assert manifest.origin is not None
    assert manifest.origin.parents == ("tiny@v1",)
    terms = ("licence_text", "commercial", "restricted", "stage", "retires")
    assert {name: getattr(manifest, name) for name in terms} == TERMS
    assert manifest.origin.metrics == {"denoising_loss": 0.1}
    assert manifest.origin.dataset_sha256 == pretraining_plan_of(stage[1])["dataset"]["sha256"]
    assert (manifest.origin.model_package, manifest.origin.code_version) == (PACKAGE, "test")
    assert stage[0].writes[-1] == "base/drawn@1/manifest.json"
    assert {f"base/drawn@1/{name}" for name in manifest.files} <= set(stage[0].writes)


def test_a_fine_tuning_run_may_name_the_new_base_model(stage: Stage) -> None:
    published(stage, put_base_artifact(stage[0]))
    buckets, dependencies = make_stage()
    buckets.objects |= {place: body for place, body in stage[0].objects.items() if place[1].startswith("base/drawn@")}
    plan = plan_of(dependencies, base_model="drawn@1", deploy="none")
    licence = "Apache-2.0: not commercial"
    assert plan["base"] == {"reference": "drawn@1", "uri": "s3://model/base/drawn@1/", "licence": licence}
    for wrong in ("drawn", "drawn@2", "../drawn@1"):
        with pytest.raises(InvalidInputError, match="or name@version of a base model that a pretraining run published"):
            plan_of(dependencies, base_model=wrong, deploy="none")


def test_a_part_of_a_pipeline_is_no_base_of_a_style(stage: Stage) -> None:
    published(stage, put_base_artifact(stage[0], task="vae"))
    buckets, dependencies = make_stage()
    buckets.objects |= {place: body for place, body in stage[0].objects.items() if place[1].startswith("base/drawn@")}
    with pytest.raises(InvalidInputError, match="drawn@1, a model for vae"):
        plan_of(dependencies, base_model="drawn@1", deploy="none")


def test_another_run_cannot_take_a_published_version(stage: Stage) -> None:
    artifact = put_base_artifact(stage[0])
    first = published(stage, artifact)
    stage[0].writes.clear()
    assert published(stage, artifact) == first
    assert stage[0].writes == []
    other = put_base_artifact(stage[0], "pretrain-second")
    with pytest.raises(VersionTakenError, match=r"pretrain-first.*pretrain-second"):
        published(stage, other, "second")


def test_nothing_is_published_that_was_not_measured(stage: Stage) -> None:
    artifact = put_base_artifact(stage[0])
    stage[0].store("data").delete("runs/pretrain-first/train/job/output/model/unet/config.json")
    with pytest.raises(ArtifactIncompleteError, match=r"unet/config\.json"):
        published(stage, artifact)
    stage[0].store("data").delete("runs/pretrain-first/evaluate/artifact.json")
    with pytest.raises(ArtifactIncompleteError, match="the evaluation writes it"):
        published(stage, artifact)


def test_the_gate_compares_with_the_table_of_its_kind_of_model() -> None:
    said = judge({"psnr": 20.0}, {"psnr": 18.5, "held_out": 4, "note": 1}, METRICS["vae"])
    assert said["passed"] is False
    assert "psnr: got 18.5; allowed: at least 20 (dB" in said["failures"][0]
    assert said["metrics"] == {"psnr": 18.5, "held_out": 4.0}


def test_what_a_segmenter_is_taught_to_find_is_read_by_the_gate(stage: Stage) -> None:
    taught = {"labels": ["background", "skirt", "skin"], "prompts": {"a skirt": [1], "skin": [2]}}
    stage[0].put("data", "datasets/figures/dataset.json", json.dumps(taught).encode())
    assert pretraining_plan_of(stage[1])
    taught["prompts"] = {"a skirt": [1], "nipples": [2]}
    stage[0].put("data", "datasets/figures/dataset.json", json.dumps(taught).encode())
    with pytest.raises(RefusedWordsError, match=r"dataset\.json: prompts\.nipples"):
        pretraining_plan_of(stage[1])


def test_the_job_that_reads_captions_is_told_the_stage_s_rules_in_parts_that_fit() -> None:
    words = tuple(f"--word number {number}, \u201cquoted\u201d" for number in range(20))
    rules = SafetyRules(sells=("swimwear",), also_refused=words)
    _, dependencies = make_pretraining_stage(safety=rules)
    said = pretraining_plan_of(dependencies)["arguments"]["shard"]
    assert max(map(len, said)) <= LONGEST_ARGUMENT
    told = parser().parse_args(["shard", *said])
    assert SafetyRules.from_text("".join(told.safety)) == rules
