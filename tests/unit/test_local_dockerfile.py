"""A Dockerfile's plan and the folder that stands for its image."""

from pathlib import Path, PurePosixPath

import boto3
import pytest
from moto import mock_aws

from local.errors import LocalCloudError, ServiceError
from local.sagemaker.dockerfile import base_images, read_dockerfile
from local.sagemaker.images import Image, ImageAsset, ImageRegistry, lay_out, push

TEXT = """\
# syntax comment
ARG BASE=python:3.13
FROM ${BASE} AS build
COPY requirements.lock /tmp/
RUN pip install \\
    --target /opt/site -r /tmp/requirements.lock
ENTRYPOINT ["false"]

FROM python:3.13 AS final
WORKDIR /opt/atelier
ENV PYTHONPATH=/opt/atelier:/opt/site \\
    GREETING="hello world" HOME=/root
ENV CACHE ${PYTHONPATH}/cache
COPY --from=build /opt/site /opt/site
COPY --chown=1:1 training/pkg /opt/atelier/pkg
COPY contracts ./contracts
COPY extra/ /opt/atelier/pkg
COPY ["a.txt", "b.txt", "/data/"]
ENTRYPOINT ["python", "-m", "pkg"]
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build context with that Dockerfile."""
    for name in (
        "training/pkg/__init__.py",
        "contracts/__init__.py",
        "extra/more.py",
        "a.txt",
        "b.txt",
        "requirements.lock",
    ):
        path = tmp_path / "context" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "context" / "Dockerfile").write_text(TEXT)
    return tmp_path / "context"


def test_the_last_stage_counts(context: Path) -> None:
    plan = read_dockerfile(context / "Dockerfile")

    assert plan.entrypoint == ["python", "-m", "pkg"]
    assert plan.workdir == PurePosixPath("/opt/atelier")
    assert plan.environment["GREETING"] == "hello world"
    assert plan.environment["CACHE"] == "/opt/atelier:/opt/site/cache"


def test_a_target_stage_can_be_named(context: Path) -> None:
    assert read_dockerfile(context / "Dockerfile", target="build").entrypoint == ["false"]
    with pytest.raises(LocalCloudError, match="build target: got 'other'"):
        read_dockerfile(context / "Dockerfile", target="other")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("FROM x\nENTRYPOINT python -m pkg\n", "got the shell form 'python -m pkg'"),
        ("FROM x\n", "needs ENTRYPOINT in JSON form"),
    ],
)
def test_an_entry_point_that_cannot_be_run_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "Dockerfile").write_text(text)

    with pytest.raises(LocalCloudError, match=problem):
        read_dockerfile(tmp_path / "Dockerfile")


def test_the_layout_links_the_context_where_the_image_has_it(context: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"

    lay_out(read_dockerfile(context / "Dockerfile"), context=context, root=root)

    atelier = root / "opt" / "atelier"
    assert (atelier / "contracts").resolve() == context / "contracts"
    assert sorted(p.name for p in (atelier / "pkg").iterdir()) == [
        "__init__.py",
        "more.py",
    ]  # a folder onto a folder adds
    assert sorted(p.name for p in (root / "data").iterdir()) == ["a.txt", "b.txt"]
    assert not (context / "training" / "pkg" / "more.py").exists()  # and leaves the sources alone


def test_a_missing_source_is_named(context: Path, tmp_path: Path) -> None:
    (context / "b.txt").unlink()

    with pytest.raises(LocalCloudError, match=r"COPY b\.txt: got nothing by that name"):
        lay_out(read_dockerfile(context / "Dockerfile"), context=context, root=tmp_path / "root")


def test_paths_of_the_image_and_of_the_container_are_told_apart(context: Path, tmp_path: Path) -> None:
    plan, root, container = read_dockerfile(context / "Dockerfile"), tmp_path / "root", tmp_path / "job"
    plan.environment["SCRATCH"] = "/var/scratch"
    lay_out(plan, context=context, root=root)

    variables = Image(root=root, plan=plan).environment(container)

    assert variables["PYTHONPATH"].split(":")[0] == str(root / "opt" / "atelier")
    assert variables["SCRATCH"] == str(container / "var" / "scratch")
    assert "HOME" not in variables


def test_the_command_is_the_entry_point_then_the_arguments(context: Path, tmp_path: Path) -> None:
    import sys

    image = Image(root=tmp_path, plan=read_dockerfile(context / "Dockerfile"))

    assert image.command(None, ["serve"]) == [sys.executable, "-m", "pkg", "serve"]
    assert image.command(["python3", "x.py"], ["a"]) == [sys.executable, "x.py", "a"]
    assert image.command(["torchrun", "x.py"], []) == ["torchrun", "x.py"]


def test_an_image_that_was_pushed_is_found_by_its_tag(context: Path, tmp_path: Path) -> None:
    registry = "1.dkr.ecr.eu-west-1.amazonaws.com"
    with mock_aws():
        ecr = boto3.client("ecr")
        images = ImageRegistry(lambda: ecr, tmp_path / "images", {})
        with pytest.raises(ServiceError, match=f"Requested image {registry}/repo:tag not found"):
            images.resolve(f"{registry}/repo:tag")
        ecr.create_repository(repositoryName="repo")
        push(ecr, ImageAsset(repository="repo", tag="tag", directory=context, dockerfile="Dockerfile"))

        assert images.resolve(f"{registry}/repo:tag").plan.entrypoint[0] == "python"
        with pytest.raises(ServiceError, match=f"Requested image {registry}/repo:other not found"):
            images.resolve(f"{registry}/repo:other")


def test_base_images_are_named_with_their_build_arguments(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    args = "ARG VERSION=1\nARG BASE=registry/python:${VERSION}\n"
    stages = "FROM $BASE AS build\nFROM --platform=linux/amd64 busybox\nFROM build\nFROM scratch\n"
    dockerfile.write_text(args + stages, encoding="utf-8")

    assert base_images(dockerfile, {}) == ["registry/python:1", "busybox"]
    assert base_images(dockerfile, {"BASE": "mine", "OTHER": "x"}) == ["mine", "busybox"]
