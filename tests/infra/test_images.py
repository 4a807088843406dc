"""Container images: their context holds their own files, so nothing else changes their hash."""

import json
from pathlib import Path

import pytest

from infra.components.image import ContainerImage
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
        ContainerImage(Stack(App(), "Stack"), "Image", folder="nowhere")
