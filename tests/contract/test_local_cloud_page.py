"""docs/local-cloud.md: every rule has a source, and a test that exists."""

import re
from pathlib import Path


def test_every_rule_has_a_source_and_tests_that_exist(root: Path) -> None:
    page = (root / "docs" / "local-cloud.md").read_text("utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("| ")
    ]
    rules = [row for row in rows if row != ["rule", "source", "test"]]
    assert len(rules) > 20
    for rule, source, tests in rules:
        assert source, rule
        names = re.findall(r"`(tests/\S+\.py)::(test_\w+)`", tests)
        assert names, rule
        for path, name in names:
            assert f"\ndef {name}(" in (root / path).read_text("utf-8"), f"{rule}: {path}::{name}"
