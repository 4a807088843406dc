"""The notebook shows what it does: it is kept as it was run, from its first cell to its last, and nothing of it is tied to a laptop."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.session import Deployment
from notebooks.__main__ import NOTEBOOK, kernel_environment

LARGEST_PICTURE = 60_000
"""Bytes: every change of the notebook stays in the repository for ever."""


@pytest.fixture(scope="module")
def cells() -> list[dict[str, Any]]:
    return list(json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"])


def code(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [cell for cell in cells if cell["cell_type"] == "code"]


def outputs(cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [output for cell in code(cells) for output in cell["outputs"]]


def test_every_cell_was_run_in_order_and_none_failed(cells: list[dict[str, Any]]) -> None:
    assert [cell["execution_count"] for cell in code(cells)] == [*range(1, len(code(cells)) + 1)]
    shown = [(output["output_type"], output.get("name")) for output in outputs(cells)]
    assert {kind for kind, _ in shown} <= {"stream", "display_data", "execute_result"}
    assert ("stream", "stderr") not in shown


def test_pictures_are_shown_and_small(cells: list[dict[str, Any]]) -> None:
    pictures = [
        base64.b64decode(output["data"]["image/png"])
        for output in outputs(cells)
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) >= 5
    assert max(map(len, pictures)) <= LARGEST_PICTURE
    assert not [output for output in outputs(cells) if "image/jpeg" in output.get("data", {})]


def test_it_uses_the_sdk_for_what_the_sdk_is_for(cells: list[dict[str, Any]]) -> None:
    text = "\n".join("".join(cell["source"]) for cell in code(cells))
    for name in ("TrainingJob.get_all(", "ModelTrainer(", "ModelPackage.get_all(", "package.update(", "invoke_async("):
        assert name in text


def test_it_would_run_against_an_account_as_it_is(cells: list[dict[str, Any]]) -> None:
    text = "\n".join("".join(cell["source"]) for cell in cells)
    assert not re.findall(r"endpoint_url|127\.0\.0\.1|localhost|aws_secret", text)


def test_nothing_that_it_shows_names_a_folder_of_a_machine(cells: list[dict[str, Any]]) -> None:
    shown = json.dumps([{**output, "data": {**output.get("data", {}), "image/png": ""}} for output in outputs(cells)])
    assert not re.findall(r"/(?:home|root|tmp|work|Users)/", shown)


def test_the_environment_is_pinned_and_has_version_3_of_the_sdk(root: Path) -> None:
    lines = (root / "notebooks" / "requirements.lock").read_text(encoding="utf-8").split()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+-]+", line)] == []
    assert [line for line in lines if line.startswith("sagemaker==3.")]


class Cloud:
    url, region = "http://127.0.0.1:4700", "eu-west-1"


def test_the_kernel_gets_the_local_clouds_account_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "t")
    monkeypatch.setenv("SAGEMAKER_ROLE", "r")
    given = kernel_environment(Deployment(cloud=Cloud(), outputs={}), Path("defaults.yaml"))  # type: ignore[arg-type]
    assert {name for name in given if name.startswith(("AWS_", "SAGEMAKER_"))} == {
        "AWS_ENDPOINT_URL",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_EC2_METADATA_DISABLED",
        "SAGEMAKER_USER_CONFIG_OVERRIDE",
    }
    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4700"
    assert given["AWS_REGION"] == "eu-west-1"
