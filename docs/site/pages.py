"""The pages of the repository: which there are, what they link to, and which anchors they have. Files are named as in the repository."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

_NOT_OURS = {"node_modules", "out", "cdk.out"}
_FENCE = re.compile(r"^(?P<mark>```+|~~~+).*?^(?P=mark)$\n?", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_TAG = re.compile(r"<(?:img|a|source)\b[^>]*?\b(?:src|href)=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_NAMED = re.compile(r"\b(?:id|name)=\"([^\"]+)\"")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:")


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link of a page to something in the repository: ``path`` is absolute, ``anchor`` empty where none is named."""

    written: str
    path: Path
    anchor: str


def pages(root: Path) -> list[Path]:
    """Every Markdown file of the repository, README first."""
    folders = [path for path in root.iterdir() if path.is_dir() and path.name not in _NOT_OURS and path.name[0] != "."]
    found = [*root.glob("*.md"), *(page for folder in folders for page in folder.rglob("*.md"))]
    return sorted(found, key=lambda page: (page != root / "README.md", page))


def prose(text: str) -> str:
    """A page without what its blocks of code hold, in which nothing is a link or a heading."""
    return _FENCE.sub("", text)


def links(page: Path, root: Path) -> Iterator[Link]:
    """The links of a page, pictures included, that lead into the repository; those to other hosts are left out."""
    text = _CODE.sub("", prose(page.read_text(encoding="utf-8")))
    for written in [*_LINK.findall(text), *_TAG.findall(text)]:
        if _ELSEWHERE.match(written):
            continue
        name, _, anchor = unquote(written).partition("#")
        start = root if name.startswith("/") else page.parent
        path = (start / name.lstrip("/")).resolve() if name else page.resolve()
        yield Link(written=written, path=path, anchor=anchor)


def anchors(page: Path) -> set[str]:
    """What a link may name after ``#``: the page's headings, spelt as GitHub and the site spell them, and ids in its HTML."""
    text = prose(page.read_text(encoding="utf-8"))
    slugs = [_slug(heading) for heading in _HEADING.findall(text)]
    return {*slugs, *_NAMED.findall(text)}


def _slug(heading: str) -> str:
    """A heading as an anchor: marks are dropped, letters small, spaces hyphens."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    words = unicodedata.normalize("NFC", re.sub(r"<[^>]+>", "", words)).strip().lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
