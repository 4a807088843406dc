"""Facts of instance types: the table knows every family that SageMaker offers, so a new one has to be decided here."""

from collections.abc import Iterator

import botocore.session
import pytest

from contracts.machines import GPU_AMI, family, has_efa, has_gpu, has_nvme, runs_our_images, volume_key

LOCAL_DISKS = {
    *("c5d", "c6gd", "m5d", "m6gd", "r5d", "r6gd", "r7gd", "dl1", "trn1", "trn1n", "trn2"),
    *(
        "g4dn",
        "g5",
        "g6",
        "g6e",
        "g7",
        "g7e",
        "p3dn",
        "p4d",
        "p4de",
        "p5",
        "p5e",
        "p5en",
        "p6-b200",
        "p6-b300",
        "p6e-gb200",
    ),
}
EBS_ONLY = {
    *(
        "c4",
        "c5",
        "c5n",
        "c6g",
        "c6gn",
        "c6i",
        "c6in",
        "c7g",
        "c7i",
        "c7i-flex",
        "c8g",
        "c8i",
        "c8i-flex",
        "inf1",
        "inf2",
    ),
    *("m4", "m5", "m6g", "m6i", "m7i", "m7i-flex", "m8g", "m8i", "m8i-flex", "p2", "p3", "t2", "t3"),
    *("r5", "r6g", "r6i", "r7i", "r8g", "r8i", "r8i-flex"),
}
NOT_OURS = {
    *("c6g", "c6gd", "c6gn", "c7g", "c8g", "m6g", "m6gd", "m8g", "r6g", "r6gd", "r7gd", "r8g"),
    *("dl1", "inf1", "inf2", "p2", "p3", "p3dn", "p6e-gb200", "trn1", "trn1n", "trn2"),
}


def offered() -> Iterator[str]:
    """Every ML instance type that hosting, training or processing takes."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    for use in ("ProductionVariant", "Training", "Processing"):
        yield from getattr(model.shape_for(f"{use}InstanceType"), "enum")  # noqa: B009 - a string shape, says no type


def test_every_family_that_sagemaker_offers_is_in_the_table() -> None:
    assert {family(name) for name in offered()} == LOCAL_DISKS | EBS_ONLY
    assert not [name for name in offered() if has_nvme(name) != (family(name) in LOCAL_DISKS)]


def test_images_of_ours_run_on_x86_and_on_gpus_that_cuda_13_knows() -> None:
    assert {family(name) for name in offered() if not runs_our_images(name)} == NOT_OURS


@pytest.mark.parametrize(("name", "gpu", "efa"), [("g5", True, False), ("p4d", True, True), ("p6-b200", True, True)])
def test_gpus_and_fast_networks_are_known(name: str, gpu: bool, efa: bool) -> None:
    assert (has_gpu(f"ml.{name}.48xlarge"), has_efa(f"ml.{name}.48xlarge")) == (gpu, efa)


def test_a_volume_takes_a_key_only_where_it_is_not_a_local_disk() -> None:
    assert volume_key("ml.m5.xlarge", "key") == "key"
    assert volume_key("ml.g5.xlarge", "key") is None


def test_the_gpu_ami_is_one_that_sagemaker_offers() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    assert GPU_AMI in getattr(model.shape_for("ProductionVariantInferenceAmiVersion"), "enum")  # noqa: B009
