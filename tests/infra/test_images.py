"""Container images: their context holds their own files, so nothing else changes their hash."""

import importlib.metadata
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.components.base_image import base_image
from infra.components.image import ContainerImage
from infra.settings.images import CPU_IMAGE, GPU_IMAGE, PUBLIC_REGISTRY
from tests.infra.conftest import Synthesized


@pytest.mark.parametrize(("stack", "folder"), [("Training", "training"), ("Serving", "inference")])
def test_the_context_is_the_image_s_own_files(dev: Synthesized, root: Path, stack: str, folder: str) -> None:
    assets = json.loads(Path(dev.folder, f"{stack}.assets.json").read_text(encoding="utf-8"))
    (image,) = assets["dockerImages"].values()
    context = Path(dev.folder, image["source"]["directory"])
    assert image["source"]["dockerFile"] == f"{folder}/Dockerfile"
    assert {path.name for path in context.iterdir()} == {folder, "contracts", "imaging", "diffusion"}
    for package in (folder, "contracts", "imaging", "diffusion"):
        kept = {p.relative_to(context) for p in (context / package).rglob("*.py")}
        assert kept == {p.relative_to(root) for p in (root / package).rglob("*.py")}
    assert not list(context.rglob("__pycache__"))


def test_an_image_without_a_dockerfile_is_refused() -> None:
    from aws_cdk import App, Stack

    with pytest.raises(FileNotFoundError, match="no nowhere/Dockerfile in the repository"):
        ContainerImage(Stack(App(), "Stack"), "Image", folder="nowhere", base="base")


def bases(stage: Synthesized) -> set[str]:
    """The images that a stage's own start from."""
    return {
        image["source"]["dockerBuildArgs"]["BASE_IMAGE"]
        for stack in ("Training", "Serving")
        for image in json.loads(Path(stage.folder, f"{stack}.assets.json").read_text())["dockerImages"].values()
    }


def test_a_stage_without_gpus_starts_from_the_small_image_and_none_needs_a_login(
    synthesize: Callable[[str], Synthesized], dev: Synthesized
) -> None:
    assert bases(synthesize("trial")) == {f"{PUBLIC_REGISTRY}/{CPU_IMAGE}"}
    assert bases(dev) == {f"{PUBLIC_REGISTRY}/{GPU_IMAGE}"}


def test_the_base_images_torch_is_the_one_that_the_tests_run_with(root: Path) -> None:
    version = ".".join(importlib.metadata.version("torch").split(".")[:2])
    assert CPU_IMAGE.startswith(f"pytorch:{version}-cpu-")
    assert GPU_IMAGE.startswith(f"pytorch:{version}-cu13")
    for folder in ("training", "inference"):
        text = (root / folder / "Dockerfile").read_text()
        assert f"ARG BASE_IMAGE={PUBLIC_REGISTRY}/{CPU_IMAGE}\n" in text
        assert f"startswith('{version}.')" in text


@pytest.mark.parametrize(
    ("region", "registry"),
    [
        ("us-east-1", "763104351884.dkr.ecr.us-east-1.amazonaws.com"),
        ("eu-central-2", "380420809688.dkr.ecr.eu-central-2.amazonaws.com"),
        ("cn-north-1", "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_a_private_registry_is_the_regions_own(region: str, registry: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from aws_cdk import App, Environment, Stack

    pinned = Stack(App(), "Pinned", env=Environment(region=region))
    assert base_image(pinned, gpu=True, source="private") == f"{registry}/{GPU_IMAGE}"
    monkeypatch.setenv("CDK_DEFAULT_REGION", region)
    assert base_image(Stack(App(), "Any"), gpu=False, source="private") == f"{registry}/{CPU_IMAGE}"


@pytest.mark.parametrize("region", ["", "us-gov-west-1"])
def test_a_region_without_a_private_registry_is_refused(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from aws_cdk import App, Stack

    monkeypatch.setenv("CDK_DEFAULT_REGION", region)
    with pytest.raises(ValueError, match=f"base_images 'private': got region '{region}'; allowed: a region "):
        base_image(Stack(App(), "Any"), gpu=False, source="private")
