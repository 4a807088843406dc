"""Batches: one prediction for each row of a list, and what is remembered of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import Field

from contracts.declarations import about, bounds, listed, text
from contracts.errors import Problem
from contracts.execution import MachineInput
from contracts.model import Contract, rule
from contracts.requests import RequestBody, TellingRequest
from contracts.schema import Schema

MOST_ROWS = 10_000
"""Rows of a batch."""
MOST_INLINE = 500
"""Rows that a request may hold itself; longer lists go through an upload."""
LARGEST_MANIFEST = 16 * 2**20
"""Bytes of an uploaded list."""
MOST_AT_ONCE = 100
"""Items of one batch that wait in the endpoint's queue at once."""
LONGEST_ROW = 20_000
"""Characters of a row as JSON, and of what it is painted with: an item is the input of an execution, which takes 256 KiB at most."""

Row = Mapping[str, Any]
Share = Annotated[
    float,
    bounds(
        0, 1, "share of the rows that may fail; with more, nothing new is begun, and the batch fails: resume goes on"
    ),
]
Concurrency = Annotated[
    int,
    bounds(
        1, MOST_AT_ONCE, "items in the endpoint's queue at once: whoever asks for one picture waits for so many at most"
    ),
]
Manifest = Annotated[
    str,
    text("the uri that POST /v1/files gave, uploads/…", longest=1_024),
    about("a CSV file with a line of names first, or JSON Lines"),
]
_FILLED: Mapping[str, Schema] = {
    "items": {"type": "array", "minItems": 1},
    "manifest": {"type": "string", "minLength": 1},
    "prefix": {"type": "string", "minLength": 1},
}
"""Where rows may come from."""


class BatchWish(RequestBody):
    """What is to be painted, and how, whoever asks for it."""

    conditions: ClassVar[Sequence[Schema]] = [
        {"oneOf": [{"properties": {name: filled}, "required": [name]} for name, filled in _FILLED.items()]}
    ]

    name: Annotated[str, text("a name", longest=100), about("what people call it")] = ""
    version: Annotated[
        str,
        text("as of a prediction", longest=150),
        about("what to paint with, as of a prediction; {column} is the row's value"),
    ] = ""
    input: Annotated[
        Mapping[str, Any],
        about("a prediction's input; in its texts {column} is the row's value, and {{ is a brace"),
    ]
    items: Annotated[tuple[Row, ...], listed("the rows, where they are few"), Field(max_length=MOST_INLINE)] = ()
    manifest: Manifest = ""
    prefix: Annotated[
        str,
        text("how names begin", longest=200),
        about("the rows are the client's own uploads whose names begin so, with the columns image and name"),
    ] = ""
    concurrency: Concurrency = 8
    tolerated_failures: Share = 0.2

    @rule
    def _rows_come_from_one_place(self) -> Iterator[Problem]:
        given = [name for name in _FILLED if getattr(self, name)]
        if len(given) != 1:
            yield Problem("items", " and ".join(given) or None, f"one of {', '.join(_FILLED)}")


class BatchRequest(BatchWish, TellingRequest):
    """``POST /v1/batches``."""

    conditions: ClassVar[Sequence[Schema]] = [*BatchWish.conditions, *TellingRequest.conditions]


class BatchResumptionRequest(TellingRequest):
    """``POST /v1/batches/{id}/resume``. A webhook that it names is told in place of the batch's own."""

    concurrency: Annotated[Concurrency | None, about("in place of the batch's own")] = None
    tolerated_failures: Annotated[Share | None, about("in place of the batch's own")] = None


class BatchRound(MachineInput):
    """The input of an execution that paints a batch which the HTTP API has taken on."""

    document: ClassVar[str] = "input"

    batch: Annotated[str, text("a batch's id", longest=80, pattern=r"[A-Za-z0-9_-]+"), about("which batch")]
    round: Annotated[int, bounds(1, 10_000, "1, and one more each time that the batch is resumed")]


class BatchInput(MachineInput, BatchWish):
    """The input of an execution that somebody starts by hand, whose name becomes the batch's id.

    It has no webhook: who tells of a batch must know where the API is, which an execution does not say.
    """

    document: ClassVar[str] = "input"

    client: Annotated[str, text("a client's name", longest=80), about("in whose name it is painted")]


class BatchItem(Contract):
    """One line of what the state machine maps: a row, and what is painted for it."""

    document: ClassVar[str] = "item"

    batch: str
    line: Annotated[int, about("where the row stands in its list, the first is 1")]
    attempt: Annotated[int, about("1, and one more each time that it is painted again because it had failed")]
    row: Row
    version: str = ""
    input: Mapping[str, Any]
    seconds: Annotated[float, about("about how long a machine of the stage works on it", unit="seconds")] = 0.0


class BatchPlan(Contract):
    """What Prepare hands the other states: ``$batch``."""

    document: ClassVar[str] = "batch"

    id: str
    round: int
    items: Annotated[int, about("how many are to be painted in this round")]
    bucket: str
    key: Annotated[str, about("where they lie, a BatchItem a line")]
    results: Annotated[str, about("the prefix where the map says what became of them")]
    concurrency: int
    tolerated_percent: float
