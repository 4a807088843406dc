"""The page that lists the decisions of ``docs/adr``: GitHub shows the folder instead, so it is made for the site only."""

import re
from pathlib import Path

FOLDER = Path("docs", "adr")
_HEAD = """# Decisions

What a newcomer would question, a page each: the context, what was decided, and what follows. Newest first.
"""


def index(root: Path) -> str:
    """The list, as Markdown that lies in the folder itself."""
    found = sorted((root / FOLDER).glob("[0-9]*.md"), reverse=True)
    rows = [f"| [{page.name[:4]}]({page.name}) | {_title(page)} |" for page in found]
    return "\n".join([_HEAD, "| | decision |", "|---|---|", *rows, ""])


def _title(page: Path) -> str:
    """A page's first heading, without its own number."""
    heading = page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    return re.sub(r"^\d+\. ", "", heading)
