"""The GitHub workflows: what they run is what a person runs, with a role of each account and no stored key."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from infra.config import STAGES

FOLDER = Path(__file__).resolve().parents[2] / ".github" / "workflows"


def workflow(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    return dict(workflow("deploy.yml")["jobs"])


@pytest.mark.parametrize("name", [file.name for file in FOLDER.iterdir()])
def test_every_make_command_is_a_target(root: Path, name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+)(?=[ a-z-]*:)", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"run: make ([a-z-]+)", (FOLDER / name).read_text(encoding="utf-8"))
    assert named
    assert set(named) <= targets


def test_nothing_is_deployed_unchecked_and_nothing_reaches_production_before_dev_has_painted(
    jobs: dict[str, Any],
) -> None:
    assert (jobs["diff"]["needs"], jobs["dev"]["needs"], jobs["prod"]["needs"]) == ("check", "check", "dev")
    assert {job["with"]["stage"] for job in jobs.values() if "with" in job} == {"dev", "prod"} <= set(STAGES)
    (deploy,) = workflow("stage.yml")["jobs"].values()
    commands = [step["run"].split()[1] for step in deploy["steps"] if "run" in step]
    assert commands == ["doctor", "deploy", "smoke"]
    # The environment is what people approve.
    assert deploy["environment"] == "${{ inputs.stage }}"


def test_credentials_are_a_role_of_the_account_and_only_where_something_needs_them(jobs: dict[str, Any]) -> None:
    for name in ("diff", "dev", "prod"):
        assert jobs[name]["permissions"]["id-token"] == "write", name
    assert "permissions" not in jobs["check"]
    assert workflow("deploy.yml")["permissions"] == {"contents": "read"}
    text = "".join(file.read_text(encoding="utf-8") for file in FOLDER.iterdir())
    assert "secrets." not in text
    assert "aws-access-key" not in text
    assert "role-to-assume" in text


def test_a_pull_request_from_a_fork_gets_no_credentials(jobs: dict[str, Any]) -> None:
    assert "head.repo.full_name == github.repository" in jobs["diff"]["if"]
    assert jobs["dev"]["if"] == "github.event_name == 'push'"
