"""Every link, picture and anchor in every Markdown file of the repository leads somewhere in it."""

from pathlib import Path

import pytest

from docs.site.pages import anchors, links, pages


def broken(page: Path, root: Path) -> list[str]:
    """The links of a page that lead to no file, out of the repository, or to an anchor that the page they name lacks."""
    wrong = []
    for link in links(page, root):
        there = link.path.is_relative_to(root.resolve()) and link.path.exists()
        if not there or (link.anchor and (link.path.suffix != ".md" or link.anchor not in anchors(link.path))):
            wrong.append(f"{page.relative_to(root)}: {link.written}")
    return wrong


def test_every_link_of_every_page_leads_somewhere(root: Path) -> None:
    found = pages(root)
    assert {"README.md", "local/README.md", "docs/adr/0001-lambdas-carry-no-packages.md"} <= {
        page.relative_to(root).as_posix() for page in found
    }
    assert sum(1 for page in found for _ in links(page, root)) > 200
    assert [each for page in found for each in broken(page, root)] == []


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("[a](b.md)", []),
        ("[a](b.md#two-words)", []),
        ('[`a`](b.md#두-낱말 "title")', []),
        ("[a](#here)\n\n# Here", []),
        ("[![a](p.png)](b.md)", []),
        ('<a id="x"></a> [a](#x)', []),
        ("[a](https://example.com/nothing.md#nothing)", []),
        ("```md\n[a](none.md)\n```", []),
        ("`[a](none.md)`", []),
        ("[a](none.md)", ["none.md"]),
        ("[a](b.md#three-words)", ["b.md#three-words"]),
        ("[a](#hidden)\n\n```sh\n# Hidden\n```", ["#hidden"]),
        ("![a](none.png)", ["none.png"]),
        ('<img src="none.svg" width="6">', ["none.svg"]),
        ("[a [b]](none.md)", ["none.md"]),
        ("[a](../outside.md)", ["../outside.md"]),
        ("[a](p.png#x)", ["p.png#x"]),
    ],
)
def test_what_leads_nowhere_is_named(written: str, wrong: list[str], tmp_path: Path) -> None:
    root = tmp_path / "repository"
    root.mkdir()
    (tmp_path / "outside.md").touch()
    (root / "p.png").touch()
    (root / "b.md").write_text("## Two `words`\n\n## 두 낱말\n", encoding="utf-8")
    page = root / "a.md"
    page.write_text(written, encoding="utf-8")
    assert broken(page, root) == [f"a.md: {link}" for link in wrong]
