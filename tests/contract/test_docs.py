"""The generated parts of the docs are what the code says now."""

from pathlib import Path

import pytest

from docs.generate import PARTS, Part


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_generated_part_is_what_make_docs_writes(part: Part) -> None:
    assert part.path.read_text(encoding="utf-8") == part.rendered(), "run `make docs` and commit what it writes"


def test_a_part_without_its_markers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("docs.generate.DOCS", tmp_path)
    (tmp_path / "page.md").write_text("# page\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page.md: got no part called costs"):
        Part(page="page.md", name="costs", write=str).rendered()
