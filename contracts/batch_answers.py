"""What the HTTP API answers of batches."""

from collections.abc import Mapping
from typing import Annotated, Any

from contracts.answers import Answer, Disclosure, ItemUrls, ProblemLine, Status, Time
from contracts.declarations import about
from contracts.pages import Page
from contracts.prices import REGION


class BatchUrls(ItemUrls):
    """Absolute addresses of a batch."""

    resume: Annotated[str, about("takes a POST, once the batch has ended")]


class BatchCounts(Answer):
    """How many items are how far; together they are total."""

    total: int
    waiting: Annotated[int, about("not begun")]
    running: Annotated[int, about("in the endpoint's queue, or being painted")]
    succeeded: int
    failed: int
    canceled: Annotated[int, about("stopped with the batch; resume goes on with them")]


class BatchEstimate(Answer):
    """What was said before anything cost."""

    items: Annotated[int, about("that are to be painted")]
    seconds: Annotated[float, about("of work for one machine of the stage, without its waking")]
    dollars: Annotated[
        float | None, about(f"for that work, at prices of {REGION}; null for a machine without a known price")
    ]


class BatchReport(Answer):
    """Presigned addresses of what a batch left; they work for an hour."""

    page: Annotated[str, about("report.html, for people")]
    data: Annotated[str, about("report.json, everything")]
    csv: Annotated[str, about("report.csv, a line an item")]
    review: Annotated[str, about("review.json: what somebody should look at, and why")]


class CatalogueBatch(Answer):
    """A batch, kept as long as its pictures."""

    id: str
    name: Annotated[str | None, about("as it was posted")]
    status: Annotated[Status, about("succeeded: it came to its end, and no more failed than was tolerated")]
    stage: Annotated[str, about("preparing, painting, reporting or done")]
    round: Annotated[int, about("1, and one more each time that it was resumed")]
    version: Annotated[str, about("as it was posted")]
    input: Annotated[Mapping[str, Any], about("as it was posted")]
    counts: Annotated[BatchCounts | None, about("null until its rows were read")]
    estimate: Annotated[BatchEstimate | None, about("of this round; null until its rows were read")]
    eta_seconds: Annotated[
        float | None, about("by this round's own pace; null until an item has ended, and at the end")
    ]
    seconds: Annotated[float | None, about("what painting has taken in all; null until the end")]
    dollars: Annotated[float | None, about(f"for these seconds, at prices of {REGION}; null until the end")]
    error: Annotated[str | None, about("why it failed")]
    errors: Annotated[list[ProblemLine], about("what is wrong with its rows, the first 100")]
    created_at: Time
    started_at: Annotated[Time | None, about("of this round; null until its rows were read")]
    completed_at: Time | None
    report: BatchReport | None
    disclosure: Disclosure
    urls: BatchUrls
    webhook: Annotated[str | None, about("the address that is told of this round")]
    webhook_note: Annotated[str | None, about("why the webhook could not be told, and when it is tried again")]


class BatchPage(Page):
    """Batches, the newest first."""

    results: list[CatalogueBatch]
