"""A run finds out before it costs anything that SageMaker would number its result as a version that is published already."""

import pytest

from atelier_ops.gateways.storage import StoredObject
from atelier_ops.logic.numbering import check_base, check_style
from contracts.artifact import to_json
from contracts.errors import InvalidInputError
from tests.unit.ops_fakes import MemoryBuckets, MemoryPackages, MemoryStore
from tests.unit.ops_stage import base_manifest, put_version


@pytest.fixture
def buckets() -> MemoryBuckets:
    return MemoryBuckets()


def package(style: str, version: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/atelier-test-{style}/{version}"


def test_a_style_without_history_goes_on(buckets: MemoryBuckets) -> None:
    put_version(buckets, 4, style="skirt-2")
    check_style("skirt", buckets.store("model"), MemoryPackages())


def test_a_style_whose_newest_package_is_there_goes_on_whatever_became_of_the_others(buckets: MemoryBuckets) -> None:
    for version in (1, 2, 10):
        put_version(buckets, version)
    check_style("skirt", buckets.store("model"), MemoryPackages({package("skirt", 10)}))


class Deleting(MemoryStore):
    """A bucket in which a version is deleted between the look for it and its reading."""

    def listing(self, prefix: str) -> list[StoredObject]:
        found = super().listing(prefix)
        self._all.drop(self.bucket, "styles/skirt/10/manifest.json")
        return found


def test_a_version_that_is_deleted_this_moment_counts_no_more(buckets: MemoryBuckets) -> None:
    for version in (2, 10):
        put_version(buckets, version)
    models = Deleting(buckets, "model")
    check_style("skirt", models, MemoryPackages({package("skirt", 2)}))
    with pytest.raises(InvalidInputError, match="whose version 2 is published"):
        check_style("skirt", models, MemoryPackages())


@pytest.mark.parametrize("left", [[], [1], [1, 2]])
def test_a_style_whose_group_is_gone_or_shorter_is_refused_with_what_to_do(
    buckets: MemoryBuckets, left: list[int]
) -> None:
    for version in (1, 2, 10):
        put_version(buckets, version)
    with pytest.raises(InvalidInputError) as refused:
        check_style("skirt", buckets.store("model"), MemoryPackages({package("skirt", number) for number in left}))
    assert "input.style: got 'skirt, whose version 10 is published but has lost its model package';" in str(
        refused.value
    )
    assert f"s3://model/styles/skirt/ is removed: without {package('skirt', 10)} SageMaker" in str(refused.value)


def test_a_base_model_is_held_to_the_same(buckets: MemoryBuckets) -> None:
    origin = {"execution": "r", "model": "unet", "parents": (), "dataset": "d", "dataset_sha256": "0", "metrics": {}}
    origin |= {"hyperparameters": {}, "model_package": "arn:gone", "code_version": "c", "created_at": "then"}
    for revision in ("1", "2"):
        manifest = base_manifest("drawn", "inpaint").model_copy(update={"revision": revision})
        values = {**manifest.model_dump(), "origin": origin}
        buckets.put("model", f"base/drawn@{revision}/manifest.json", to_json(type(manifest)(**values)).encode())
    models = buckets.store("model")
    check_base("drawn-2", models, MemoryPackages())
    check_base("drawn", models, MemoryPackages({"arn:gone"}))
    with pytest.raises(
        InvalidInputError, match=r"input\.name: got 'drawn, whose version 2 .*s3://model/base/drawn@\* is removed"
    ):
        check_base("drawn", models, MemoryPackages())
