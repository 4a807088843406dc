"""docs/add-a-stage.md is true: its change makes a stage whose docs, costs, templates and tests are as the page says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.config import STAGES
from tests.contract.worked_examples import copy_project, read_examples

NAME = "staging"
DO_AND_TEST = f"""
import gc; gc.disable()
import sys, pytest
from docs import generate; generate.main()
from cli.main import main; assert main(["cost", "{NAME}"]) == 0
from infra.gate.__main__ import main as gate
try:
    gate(["{NAME}"])
except SystemExit as end:
    assert not end.code, end.code
sys.exit(pytest.main(sys.argv[1:]))
"""
"""What the page says to do, in one process, which is over before looking for garbage pays: all of it imports the same libraries."""


@pytest.fixture(scope="module")
def page(root: Path) -> Path:
    return root / "docs" / "add-a-stage.md"


def test_the_example_works_in_a_copy(page: Path, root: Path, tmp_path: Path) -> None:
    (example,) = read_examples(page)
    assert example.production_files == {"infra/config.py"}
    copy_project(root, tmp_path)
    (tmp_path / "node_modules").symlink_to(root / "node_modules")
    for change in example.changes:
        change.make(tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "GIT"))}
    environment["PYTHONPATH"] = os.pathsep.join(
        str(tmp_path / part) for part in ("", "lambdas", "training", "inference")
    )
    # The gate asks git which files there are.
    for words in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *words], cwd=tmp_path, env=environment, check=True, capture_output=True)
    words = ["-q", "-p", "no:cacheprovider", "-k", "not local and not trial and not dev and not prod"]
    words += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    ran = subprocess.run(
        [sys.executable, "-c", DO_AND_TEST, *words, *example.tests],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-3000:]
    assert f"Stage {NAME}: US dollars" in ran.stdout
    assert "1 stages checked, 0 findings" in ran.stdout
    assert f"| {NAME} |" in (tmp_path / "docs" / "stages.md").read_text(encoding="utf-8")


def test_every_setting_that_the_page_names_is_one(page: Path) -> None:
    section = page.read_text(encoding="utf-8").partition("## What to look at")[2].partition("\n## ")[0]
    named = [
        name for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)
    ]
    assert len(named) > 15
    for name in named:
        found: Any = STAGES["prod"]
        for part in name.split("."):
            assert hasattr(found, part), name
            found = getattr(found, part)
