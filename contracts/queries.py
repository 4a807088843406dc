"""What clients ask for behind an address's question mark. Values are text there; errors name them ``query.limit``."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from contracts.declarations import about, bounds, text
from contracts.execution import StyleName
from contracts.model import Contract

LONGEST_LIST = 100
"""Results of one page at most."""


class Query(Contract):
    """A query."""

    document: ClassVar[str] = "query"


class PageQuery(Query):
    """Which page of a list."""

    limit: Annotated[int, bounds(1, LONGEST_LIST, "results of the page at most")] = 20
    cursor: Annotated[
        str, text("the cursor in a page's next", longest=1_024), about("where the page begins; left out: at the newest")
    ] = ""

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """A number is written in digits."""
        limit = data.get("limit")
        if isinstance(limit, str) and limit.isascii() and limit.isdecimal() and len(limit) < 10:
            return {**data, "limit": int(limit)}
        return data


class ModelsQuery(PageQuery):
    """Which page of the models, of which clients of OpenAI's read the first only."""

    limit: Annotated[int, bounds(1, LONGEST_LIST, "results of the page at most")] = LONGEST_LIST
    cursor: Annotated[
        str, text("the cursor in a page's next", longest=1_024), about("where the page begins; left out: at the first")
    ] = ""


class FilesQuery(PageQuery):
    """Which files are listed."""

    style: Annotated[StyleName, about("those of this style's dataset; left out: the client's uploads")] = ""


class ComparisonQuery(Query):
    """Which versions of a style are compared."""

    versions: Annotated[
        str,
        text("2 to 8 versions, with commas", longest=80, pattern=r"[1-9][0-9]{0,5}(?:,[1-9][0-9]{0,5}){1,7}"),
        about("their numbers: 1,2"),
    ]

    @property
    def numbers(self) -> list[int]:
        """Each once, as asked for."""
        return list(dict.fromkeys(int(number) for number in self.versions.split(",")))
