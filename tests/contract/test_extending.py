"""docs/extending.md is true: each change touches the files it says, and the tests pass in a copy of the project that has them all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.worked_examples import Change, copy_project, read_examples

MOST_FILES = {"A base model family": 2, "A mode": 2, "A pipeline step": 2, "A Lambda": 2, "A hyperparameter": 1}
"""Production files that a person touches, at most."""

WRITE_DOCS_AND_TEST = """
import gc; gc.disable()
import sys, pytest
from docs import generate; generate.main()
sys.exit(pytest.main(sys.argv[1:]))
"""
"""Both in one process, which is over before looking for garbage pays: they import the same libraries, which takes longer than the rest."""


@pytest.fixture(scope="module")
def page(root: Path) -> Path:
    return root / "docs" / "extending.md"


def test_each_change_touches_no_more_files_than_promised(page: Path) -> None:
    touched = {example.name: len(example.production_files) for example in read_examples(page)}
    assert touched.keys() == MOST_FILES.keys()
    assert {name: count for name, count in touched.items() if count > MOST_FILES[name]} == {}


def test_the_table_counts_the_files_of_the_examples(page: Path) -> None:
    rows = re.findall(r"^\| (A [^|]+?) \| \d+ \| (\d+) \|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(now) for name, now in rows} == {
        example.name: len(example.production_files) for example in read_examples(page)
    }


def test_the_examples_work_together_in_a_copy(page: Path, root: Path, tmp_path: Path) -> None:
    examples = read_examples(page)
    copy_project(root, tmp_path)
    for example in examples:
        assert example.tests, example.name
        for change in example.changes:
            change.make(tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment["PYTHONPATH"] = os.pathsep.join(
        str(tmp_path / part) for part in ("", "lambdas", "training", "inference")
    )
    # What the examples change is the same in every stage, and a stage takes seconds to synthesize.
    one_stage = ["-p", "no:cacheprovider", "-k", "not local and not trial and not prod"]
    # pytest would like to have been there before the libraries were imported.
    one_stage += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    tests = sorted({test for example in examples for test in example.tests})
    ran = subprocess.run(
        [sys.executable, "-c", WRITE_DOCS_AND_TEST, *one_stage, *tests],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-3000:]


def test_a_change_that_no_longer_fits_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\nx = 1\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.py: got 2 places like"):
        Change(path="a.py", kind="diff", text=" x = 1\n+y = 2\n").make(tmp_path)
