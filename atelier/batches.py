"""Batches: a picture for each row of a list, asked for at once, followed, and gone on with."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from atelier import files
from atelier.catalogue import Catalogue, read_catalogue
from atelier.errors import StillRunningError
from atelier.pages import Listing, page
from atelier.predictions import ENDED
from atelier.sending import ask
from atelier.steps import Steps, clock, pause, together
from contracts.batch_answers import CatalogueBatch
from contracts.batches import Row

LOOK_SECONDS = 3.0
Heard = Callable[[CatalogueBatch], None]
_MANIFEST = "rows.jsonl"


def create(
    input: Mapping[str, Any],  # noqa: A002 the API's own name
    *,
    items: Sequence[Row] = (),
    manifest: str = "",
    prefix: str = "",
    version: str = "",
    name: str = "",
    concurrency: int | None = None,
    tolerated_failures: float | None = None,
    webhook: str = "",
    webhook_events_filter: tuple[str, ...] = (),
    idempotency_key: str = "",
) -> Steps[CatalogueBatch]:
    """Ask for a batch by the API's own words: in texts of ``input``, ``{column}`` is the row's value.

    ``webhook`` is told of the events of the filter. Raises ApiError.
    """
    given = {
        "items": [*items], "manifest": manifest, "prefix": prefix, "version": version, "name": name,
        "concurrency": concurrency, "tolerated_failures": tolerated_failures, "webhook": webhook,
        "webhook_events_filter": list(webhook_events_filter),
    }  # fmt: skip
    body = {"input": dict(input), **{name: value for name, value in given.items() if value not in ("", None, [])}}
    return ask(CatalogueBatch, "POST", "/v1/batches", body, idempotency_key=idempotency_key)


def start(
    source: Catalogue | str | Path,
    input: Mapping[str, Any] | None = None,  # noqa: A002 the API's own name
    *,
    version: str = "",
    name: str = "",
    concurrency: int | None = None,
    tolerated_failures: float | None = None,
    webhook: str = "",
    webhook_events_filter: tuple[str, ...] = (),
    sent: Callable[[int], None] | None = None,
    idempotency_key: str = "",
) -> Steps[CatalogueBatch]:
    """Put the photos of a CSV or JSON Lines file or of a folder, and ask for a batch of its rows.

    What is wrong with a row shows before anything goes up. ``sent`` hears of bytes as they go, ``webhook`` of the batch.
    Raises InvalidInputError, OSError, ApiError.
    """
    ours = source if isinstance(source, Catalogue) else read_catalogue(source, input, version=version)
    photos = ours.photos
    put = yield from together([files.upload(path, sent=sent) for path in photos])
    uris = {path: file.uri for path, file in zip(photos, put, strict=True)}
    manifest = yield from files.upload(ours.manifest(uris), name=_MANIFEST)
    return (
        yield from create(
            ours.input,
            manifest=manifest.uri,
            version=ours.version,
            name=name,
            concurrency=concurrency,
            tolerated_failures=tolerated_failures,
            webhook=webhook,
            webhook_events_filter=webhook_events_filter,
            idempotency_key=idempotency_key,
        )
    )


def get(batch: str) -> Steps[CatalogueBatch]:
    """A batch as it is now."""
    return ask(CatalogueBatch, "GET", f"/v1/batches/{batch}")


def listing(*, limit: int = 20, cursor: str = "") -> Steps[Listing[CatalogueBatch]]:
    """The client's own batches, newest first, a page."""
    return page(CatalogueBatch, "/v1/batches", limit=limit, cursor=cursor)


def cancel(batch: str) -> Steps[CatalogueBatch]:
    """Stop a batch unless it has ended: nothing more is begun, and what is done stays."""
    return ask(CatalogueBatch, "POST", f"/v1/batches/{batch}/cancel")


def resume(
    batch: str,
    *,
    concurrency: int | None = None,
    tolerated_failures: float | None = None,
    webhook: str = "",
    webhook_events_filter: tuple[str, ...] = (),
    idempotency_key: str = "",
) -> Steps[CatalogueBatch]:
    """Go on with a batch that has ended: paint what failed, was canceled or not begun, and nothing that has succeeded.

    What is not said is as it was. Raises ApiError.
    """
    given = {
        "concurrency": concurrency, "tolerated_failures": tolerated_failures, "webhook": webhook,
        "webhook_events_filter": list(webhook_events_filter),
    }  # fmt: skip
    body = {name: value for name, value in given.items() if value not in ("", None, [])}
    return ask(CatalogueBatch, "POST", f"/v1/batches/{batch}/resume", body, idempotency_key=idempotency_key)


def wait(
    batch: CatalogueBatch | str,
    *,
    seconds: float | None = None,
    heard: Heard | None = None,
    every: float = LOOK_SECONDS,
) -> Steps[CatalogueBatch]:
    """The batch once it has ended, however it did and however long it takes. ``heard`` is told of each look, one every ``every`` seconds.

    Interrupted, or after ``seconds`` where they are given, it leaves the batch at work. Raises StillRunningError, ApiError.
    """
    name = batch if isinstance(batch, str) else batch.id
    begun = yield from clock()
    while True:
        now = yield from get(name)
        if heard:
            heard(now)
        if now.status in ENDED:
            return now
        if seconds is not None and (yield from clock()) + every > begun + seconds:
            raise StillRunningError("batch", name, now.status, seconds)
        yield from pause(every)
