"""Publishing a version: complete or not at all, once, and never over another one."""

from dataclasses import replace
from typing import Any

import pytest

from atelier_ops.errors import ArtifactIncompleteError, VersionTakenError
from atelier_ops.logic.publish import publish
from contracts.artifact import ADAPTER_WEIGHTS, StyleManifest
from contracts.errors import InvalidInputError
from tests.unit.ops_fakes import MemoryBuckets
from tests.unit.ops_stage import make_stage, plan_of, put_artifact

PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test-skirt/1"


@pytest.fixture
def buckets() -> MemoryBuckets:
    return make_stage()[0]


def published(buckets: MemoryBuckets, artifact: str, version: int = 1, **changes: Any) -> dict[str, Any]:
    """Step Functions gives the version as text."""
    event = {"plan": plan_of(make_stage()[1], **changes), "artifact": artifact, "package": PACKAGE}
    registered = {**event, "version": str(version), "metrics": {"mask_score": 0.9}}
    return publish(registered, buckets.store("data"), buckets.store("model"), "atelier-test")


def styles(buckets: MemoryBuckets) -> list[str]:
    return buckets.store("model").names("styles/")


def test_a_version_holds_every_file_and_the_final_manifest(buckets: MemoryBuckets) -> None:
    result = published(buckets, put_artifact(buckets))
    assert result == {"version": 1, "uri": "s3://model/styles/skirt/1/", "adapter": "skirt@1", "endpoint": ""}
    manifest = StyleManifest.from_json(buckets.store("model").json("styles/skirt/1/manifest.json"))
    assert (manifest.version, manifest.model_package) == (1, PACKAGE)
    assert manifest.metrics == {"mask_score": 0.9}
    assert buckets.store("model").read(f"styles/skirt/1/{ADAPTER_WEIGHTS}").endswith(b"of run-1")
    assert {key.removeprefix("styles/skirt/1/") for key in styles(buckets)} == {*manifest.files, "manifest.json"}


@pytest.mark.parametrize(
    ("asked", "kept"), [({}, ("", "yes")), ({"licence": "CC BY-NC 4.0", "commercial": "no"}, ("CC BY-NC 4.0", "no"))]
)
def test_a_version_has_the_terms_that_its_training_was_given_or_its_base_model_s(
    buckets: MemoryBuckets, asked: dict[str, str], kept: tuple[str, str]
) -> None:
    stage = replace(make_stage()[1], commercial=False)
    artifact = put_artifact(buckets, commercial="yes")
    event = {"plan": plan_of(stage, **asked), "artifact": artifact, "package": PACKAGE, "version": "1", "metrics": {}}
    publish(event, buckets.store("data"), buckets.store("model"), "atelier-test")
    manifest = StyleManifest.from_json(buckets.store("model").json("styles/skirt/1/manifest.json"))
    assert (manifest.licence, manifest.commercial) == kept


def test_a_full_fine_tune_says_how_its_endpoint_is_to_be_called(buckets: MemoryBuckets) -> None:
    result = published(buckets, put_artifact(buckets), version=2, method="full")
    assert (result["adapter"], result["endpoint"]) == ("", "atelier-test-style-skirt-v2")


def test_the_manifest_is_written_last(buckets: MemoryBuckets) -> None:
    artifact = put_artifact(buckets)
    buckets.writes.clear()
    published(buckets, artifact)
    assert buckets.writes[-1] == "styles/skirt/1/manifest.json"


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_breaking_half_way_publishes_nothing_and_a_repeat_completes_it(buckets: MemoryBuckets, writes: int) -> None:
    artifact = put_artifact(buckets)
    buckets.writes.clear()
    buckets.fail_after = writes
    with pytest.raises(ConnectionError):
        published(buckets, artifact)
    assert "styles/skirt/1/manifest.json" not in styles(buckets)
    buckets.fail_after = None
    published(buckets, artifact)
    assert "styles/skirt/1/manifest.json" in styles(buckets)


def test_repeating_the_same_run_writes_nothing(buckets: MemoryBuckets) -> None:
    artifact = put_artifact(buckets)
    first = published(buckets, artifact)
    buckets.writes.clear()
    assert published(buckets, artifact) == first
    assert buckets.writes == []


def test_another_artifact_at_the_same_version_is_refused(buckets: MemoryBuckets) -> None:
    published(buckets, put_artifact(buckets))
    other = put_artifact(buckets, "run-2")
    with pytest.raises(VersionTakenError, match=r"run-1.*run-2"):
        published(buckets, other, execution="run-2")


def test_version_two_lies_beside_version_one(buckets: MemoryBuckets) -> None:
    published(buckets, put_artifact(buckets))
    one = {key: buckets.store("model").read(key) for key in styles(buckets)}
    published(buckets, put_artifact(buckets, "run-2"), version=2, execution="run-2")
    assert {key: buckets.store("model").read(key) for key in one} == one
    assert "styles/skirt/2/manifest.json" in styles(buckets)


def test_a_file_the_manifest_names_must_be_there(buckets: MemoryBuckets) -> None:
    artifact = put_artifact(buckets)
    buckets.store("data").delete(f"{artifact.removeprefix('s3://data/')}{ADAPTER_WEIGHTS}")
    with pytest.raises(ArtifactIncompleteError, match=ADAPTER_WEIGHTS):
        published(buckets, artifact)
    assert styles(buckets) == []


def test_an_artifact_without_a_manifest_is_incomplete(buckets: MemoryBuckets) -> None:
    artifact = put_artifact(buckets)
    buckets.store("data").delete(f"{artifact.removeprefix('s3://data/')}manifest.json")
    with pytest.raises(ArtifactIncompleteError, match=r"manifest\.json"):
        published(buckets, artifact)


def test_another_runs_artifact_is_refused(buckets: MemoryBuckets) -> None:
    with pytest.raises(InvalidInputError, match="runs/run-1"):
        published(buckets, put_artifact(buckets, "run-2"))
    with pytest.raises(ArtifactIncompleteError, match="coat"):
        published(buckets, put_artifact(buckets, style="coat"))


def test_a_full_fine_tune_has_no_adapter(buckets: MemoryBuckets) -> None:
    artifact = put_artifact(buckets, method="full")
    assert published(buckets, artifact, method="full")["adapter"] == ""
