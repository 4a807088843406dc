"""Puts the pages, and what they show or link to, where the generator reads them.

The folders are the repository's, so links stay as they are.
"""

import re
import shutil
from pathlib import Path

from docs.site.decisions import FOLDER, index
from docs.site.pages import links, pages

_BEGIN = re.compile(r"\s*([-*]|\d+\.) |\|")


def stage(root: Path, folder: Path) -> None:
    """Copy every page of ``root`` to ``folder``, which is emptied first, with the files that pages link to, and the site's scripts."""
    shutil.rmtree(folder, ignore_errors=True)
    for page in pages(root):
        target = folder / page.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(spaced(page.read_text(encoding="utf-8")), encoding="utf-8")
        for link in links(page, root):
            if link.path.suffix != ".md" and link.path.is_file():
                copied = folder / link.path.relative_to(root.resolve())
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(link.path, copied)
    (folder / FOLDER / "README.md").write_text(index(root), encoding="utf-8")
    for name in ("@mermaid-js/tiny/dist/mermaid.tiny.js", "iframe-worker/shim/index.js"):
        library = folder / "libraries" / name
        library.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / "node_modules" / name, library)
    for name in ("site.css", "site.js"):
        shutil.copyfile(root / "docs" / "site" / name, folder / "libraries" / name)


def spaced(text: str) -> str:
    """The page with an empty line before each list and table: GitHub begins one right after a paragraph, the generator does not."""
    lines: list[str] = []
    fenced = False
    for line in text.splitlines():
        last = lines[-1] if lines else ""
        if not fenced and _BEGIN.match(line) and last.strip() and not _BEGIN.match(last) and not last.startswith(" "):
            lines.append("")
        fenced ^= line.startswith("```")
        lines.append(line)
    return "\n".join(lines) + "\n"
