"""The gate and Dockerfiles: one defect is named, with the file and what to do."""

from pathlib import Path

import pytest

from infra.gate.assembly import Assembly
from infra.gate.checks.dockerfiles import PACKAGES, check
from infra.gate.finding import Finding
from infra.gate.sources import Sources

DEFECTS = [
    (" --no-deps", "", "--no-deps"),
    (" --no-cache-dir", "", "--no-deps"),
    ("{folder}/requirements.lock", "{folder}/requirements.txt", "own lock"),
    ("public.ecr.aws/deep-learning-containers", "763104351884.dkr.ecr.us-east-1.amazonaws.com", "public image"),
    ("pytorch:2.13", "pytorch:2.14", "public image"),
    ("FROM ${BASE_IMAGE}", "FROM python:latest", "start from the argument"),
    ("FROM ${BASE_IMAGE}", "FROM python:latest", "DL3007"),
    ('ENTRYPOINT ["python", "-m", ', "ENTRYPOINT python -m ", "in JSON form"),
    ("COPY imaging /opt/atelier/imaging\n", "", "copy the package"),
    ("COPY diffusion /opt/atelier/diffusion", "COPY diffusers /opt/atelier/diffusion", "no such path"),
    ("PYTHONPATH=/opt/atelier", "PYTHONPATH=/opt", "let Python find"),
    ("WORKDIR /opt/atelier", "WORKDIR opt/atelier", "DL3000"),
    ("HF_HUB_OFFLINE=1", "HF_HUB_OFFLINE=0", "fetch nothing"),
    ("PYTHONUNBUFFERED=1", "PYTHONUNBUFFERED=", "line by line"),
    ("glibc.malloc.mmap_threshold=33554432", "glibc.malloc.mmap_threshold=0", "keep freed memory"),
    (":glibc.malloc.trim_threshold=4294967296", "", "keep freed memory"),
]


def found(root: Path) -> list[Finding]:
    return list(check(Assembly(stage="trial", templates={}), Sources(root=root, modules={})))


def test_the_dockerfiles_are_without_findings(root: Path) -> None:
    assert found(root) == []


@pytest.mark.parametrize("folder", PACKAGES)
@pytest.mark.parametrize(("old", "new", "words"), DEFECTS)
def test_a_defect_is_named(tmp_path: Path, root: Path, folder: str, old: str, new: str, words: str) -> None:
    for name in ("contracts", "imaging", "diffusion", *(set(PACKAGES) - {folder})):
        (tmp_path / name).symlink_to(root / name)
    (tmp_path / folder).mkdir()
    for path in (root / folder).iterdir():
        if path.name != "Dockerfile":
            (tmp_path / folder / path.name).symlink_to(path)
    text, old, new = (
        (root / folder / "Dockerfile").read_text(),
        old.replace("{folder}", folder),
        new.replace("{folder}", folder),
    )
    assert old in text
    (tmp_path / folder / "Dockerfile").write_text(text.replace(old, new))
    findings = [str(finding) for finding in found(tmp_path)]
    assert [finding for finding in findings if finding.startswith(f"{folder}/Dockerfile:") and words in finding], (
        findings
    )
    assert all(finding.startswith(f"{folder}/") for finding in findings)
