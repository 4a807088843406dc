"""The commands that the documentation tells people to type: each line of each block of commands, with where it stands."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docs.site.pages import pages, prose

_BLOCK = re.compile(r"^```(console|sh|bash)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_ACCOUNT = r"AWS|account|계정"
_INLINE = re.compile(r"(?<!`)`((?:make|\.venv/bin/\w+|atelier|aws|python -m) [^`\n]+)`(?!`)")


@dataclass(frozen=True, kw_only=True)
class TypedCommand:
    """One command: its page, the heading that it stands under with the text there, and the line as it is typed.

    ``explained`` says whether the page begins with words about an account.
    """

    page: str
    section: str
    line: str
    explained: bool

    @property
    def words(self) -> list[str]:
        """As a shell splits it."""
        return shlex.split(self.line, comments=True)

    @property
    def says_aws(self) -> bool:
        """Whether a reader is told that it is for an AWS account: under the same heading, or where the page begins."""
        return bool(re.search(_ACCOUNT, self.section)) or self.explained


def typed_commands(root: Path) -> list[TypedCommand]:
    """Every line of every block, in the order of the pages."""
    return [command for page in pages(root) for command in _of_page(page, root)]


def inline_commands(root: Path) -> list[tuple[str, str]]:
    """What the text itself names as a command, by page; what was and is no more is left to the change log and the decisions."""
    found = []
    for page in pages(root):
        name = page.relative_to(root).as_posix()
        if name != "CHANGELOG.md" and not name.startswith("docs/adr/"):
            found += [(name, command) for command in _INLINE.findall(prose(page.read_text(encoding="utf-8")))]
    return found


def _of_page(page: Path, root: Path) -> Iterator[TypedCommand]:
    text = page.read_text(encoding="utf-8")
    explained = bool(re.search(_ACCOUNT, text.partition("\n## ")[0]))
    for section in re.split(r"(?m)^(?=#{2,3} )", text):
        for language, block in _BLOCK.findall(section):
            for line in _lines(language, block):
                yield TypedCommand(
                    page=page.relative_to(root).as_posix(), section=section, line=line, explained=explained
                )


def _lines(language: str, block: str) -> Iterator[str]:
    """The commands of a block; in one of a console they begin with ``$``, and the rest is what they print."""
    joined = re.sub(r"\\\n\s*", "", block)
    joined = re.sub(r"\n {4}", " ", joined)
    for line in joined.splitlines():
        if language != "console" and line.strip():
            yield line
        elif line.startswith("$ "):
            yield line.removeprefix("$ ")
