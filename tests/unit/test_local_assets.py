"""What earlier deployments left in a session's folder goes, but for the images that something may still start."""

import json
from pathlib import Path

from cli.assembly import drop_old_assets
from local.durable import Durable
from local.sagemaker.images import images_in_use


def image(tag: str) -> str:
    """The address of an image, as SageMaker has it."""
    return f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/cdk-hnb659fds-container-assets-123456789012-eu-west-1:{tag}"


def test_images_of_models_packages_and_what_is_under_way_are_in_use(tmp_path: Path) -> None:
    durable = Durable(tmp_path)
    for kind, record in {
        "Model": {"PrimaryContainer": {"Image": image("a1"), "Mode": "SingleModel"}},
        "ModelPackage": {"InferenceSpecification": {"Containers": [{"Image": image("b2")}, {"Image": image("c3")}]}},
        "TrainingJob": {"TrainingJobStatus": "InProgress", "AlgorithmSpecification": {"TrainingImage": image("d4")}},
        "ProcessingJob": {"ProcessingJobStatus": "Completed", "AppSpecification": {"ImageUri": image("e5")}},
    }.items():
        durable.table("sagemaker records").put(f"{kind}\none", record)
    for name, status in (("f6", "RUNNING"), ("g7", "SUCCEEDED")):
        durable.table("definitions").put(name, json.dumps({"ImageUri": image(name)}))
        durable.table("executions").put(name, {"status": status, "definition": name})
    durable.close()

    assert images_in_use(tmp_path) == {"a1", "b2", "c3", "d4", "f6"}


def test_old_assets_go_but_for_those_of_images_in_use(tmp_path: Path) -> None:
    for name in ("asset.new", "asset.used", "asset.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    for name in ("asset.old.zip", "asset.new.zip", "manifest.json"):
        (tmp_path / name).touch()
    sources = [{"source": {"path": f"asset.{name}"}} for name in ("new", "new.zip")]
    (tmp_path / "Stack.assets.json").write_text(json.dumps(sources), encoding="utf-8")

    drop_old_assets(tmp_path, {"used"})

    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"asset.new", "asset.used", "asset.new.zip", "manifest.json", "Stack.assets.json"}
