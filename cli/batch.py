"""A catalogue is restyled: read, what it will cost said, put up, followed to its end, and what needs a look named."""

import json as json_text
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from atelier import Atelier
from atelier.catalogue import Catalogue, read_catalogue
from atelier.errors import ApiError
from atelier.predictions import ENDED
from cli.connection import LOCAL, connected, settings_of
from cli.errors import CommandError
from cli.learn import require_consent
from cli.options import read_options
from cli.terminal import duration, facts, print_json, table
from cli.watching import Watch
from contracts.batch_answers import CatalogueBatch
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput
from contracts.prices import estimate
from contracts.work import work

MOST_TOLD = 20
"""Pictures to look at that are named here; the review list has all."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asked for on the command line."""

    settings: Mapping[str, str]
    version: str = ""
    name: str = ""
    concurrency: int | None = None
    tolerated_failures: float | None = None

    @property
    def bounds(self) -> dict[str, Any]:
        """What may be said again when a batch is resumed."""
        return {"concurrency": self.concurrency, "tolerated_failures": self.tolerated_failures}


def run_batch(
    source: Path | None,
    wish: Wish,
    *,
    resume: str,
    save: Path | None,
    stage: str,
    cloud: Path,
    yes: bool,
    json: bool,
) -> None:
    """Begin, or go on, and follow. Raises InvalidInputError before anything is sent, CommandError where the batch failed."""
    if bool(source) == bool(resume):
        got = "both" if source else None
        raise InvalidInputError("batch", got=got, allowed="a list or a folder, or --resume ID")
    catalogue = None
    if source:
        inputs = read_options(wish.settings, PredictionInput)
        catalogue = read_catalogue(source, inputs, version=wish.version)
        with Watch() as watch:
            for line in plan(catalogue, stage):
                watch.say(line)
    require_consent(stage, yes=yes)
    with connected(stage, cloud=cloud, start=True) as client:
        if catalogue and source:
            name = wish.name or source.resolve().name
            begun = _put_and_start(client, catalogue, name=name, **wish.bounds)
        else:
            begun = _gone_on_with(client, resume, wish)
        ended = _follow(client, begun, stage)
        if json:
            print_json(ended.model_dump(mode="json"))
        else:
            tell_end(client, ended, save or Path("out") / ended.id)
    if ended.status != "succeeded":
        raise CommandError(
            f"batch {ended.id} is {ended.status}: {ended.error or f'atelier batch --resume {ended.id} goes on'}"
        )


def _gone_on_with(client: Atelier, batch: str, wish: Wish) -> CatalogueBatch:
    """The batch: it is followed where it still runs, and otherwise begins its next round."""
    now = client.batches.get(batch)
    return now if now.status not in ENDED else client.batches.resume(batch, **wish.bounds)


def plan(catalogue: Catalogue, stage: str) -> list[str]:
    """What is about to happen, what it takes and what it costs."""
    pictures = sum(inputs.num_outputs for inputs in catalogue.asked)
    photos = f"{len(catalogue.photos)} photos ({catalogue.size / 1e6:.1f} MB) to put up, " if catalogue.photos else ""
    return [f"{len(catalogue.rows)} rows, {photos}{pictures} pictures to paint", _expectation(catalogue, stage)]


def _expectation(catalogue: Catalogue, stage: str) -> str:
    settings = settings_of(stage)
    if settings is None:
        return (
            "The costs are those of the stage at ATELIER_API_URL, which tells its estimate once it has read the rows."
        )
    seconds = sum(work(inputs, settings.pace) for inputs in catalogue.asked)
    if settings.name == LOCAL:
        return "On this machine it costs nothing; how long it takes is said once the first pictures are painted."
    dollars = estimate(settings.serving.instance, seconds)
    costs = f"about ${dollars:.2f}" if dollars is not None else "an amount that the price table does not know"
    return (
        f"In stage {settings.name} it is about {duration(seconds)} of work for one machine, and costs {costs} besides its waking. "
        "These are estimates."
    )


def _put_and_start(client: Atelier, catalogue: Catalogue, **options: Any) -> CatalogueBatch:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("uploading", total=catalogue.size)
        return client.batches.start(catalogue, sent=lambda part: bar.advance(task, part), **options)


def _follow(client: Atelier, batch: CatalogueBatch, stage: str) -> CatalogueBatch:
    """The batch when it has ended. Interrupted, it goes on, and that is said."""
    with Watch() as watch:
        watch.say(f"batch {batch.id}, round {batch.round}")

        estimates = set[str]()

        def heard(now: CatalogueBatch) -> None:
            if (words := _estimate_of(now)) and words not in estimates:
                estimates.add(words)
                watch.say(words)
            line, detail = progress_of(now)
            watch.show(line, detail=detail)

        try:
            return client.batches.wait(batch, heard=heard)
        except (KeyboardInterrupt, ApiError):
            there = f" --stage {stage}" if stage else ""
            watch.say("The batch goes on, but for one in a local cloud that ends with this command.")
            watch.say(f"  atelier batch --resume {batch.id}{there} follows it, and goes on with it once it has ended")
            watch.say(f"  atelier cancel {batch.id}{there} stops it: what is painted stays")
            raise


def _estimate_of(batch: CatalogueBatch) -> str:
    """What the stage reckons, once it has read the rows."""
    if batch.estimate is None:
        return ""
    costs = f", about ${batch.estimate.dollars:.4f}" if batch.estimate.dollars is not None else ""
    return f"{batch.estimate.items} to paint: about {duration(batch.estimate.seconds)} of work for one machine{costs}"


def progress_of(batch: CatalogueBatch) -> tuple[str, str]:
    """How far a batch is that has not ended."""
    counts = batch.counts
    if counts is None:
        return batch.stage, ""
    failed = f", {counts.failed} failed" if counts.failed else ""
    left = f", about {duration(batch.eta_seconds)} left" if batch.eta_seconds is not None else ""
    return f"{batch.stage}: {counts.succeeded} of {counts.total}{failed}", f"{counts.running} at once{left}"


def tell_end(client: Atelier, batch: CatalogueBatch, folder: Path) -> None:
    """What became of it, where the report is, and what somebody should look at."""
    counts = batch.counts.model_dump() if batch.counts else {}
    told = {name: number for name, number in counts.items() if number}
    dollars = f"${batch.dollars:.4f}" if batch.dollars is not None else None
    facts({"batch": batch.id, "status": batch.status, **told, "seconds": batch.seconds, "costs": dollars})
    for problem in batch.errors:
        print(f"{problem.what}: got {problem.got}; allowed: {problem.allowed}")
    if batch.report is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {
        "report.html": batch.report.page, "report.json": batch.report.data, "report.csv": batch.report.csv,
        "review.json": batch.report.review,
    }  # fmt: skip
    for name, address in wanted.items():
        (folder / name).write_bytes(client.fetch(address))
        print(folder / name)
    _tell_review(json_text.loads((folder / "review.json").read_bytes()))


def _tell_review(review: Mapping[str, Any]) -> None:
    """The pictures that somebody should look at, and where the batch changes."""
    items = review["items"]
    for drift in review["drifts"]:
        print(f"{drift['group']}: {drift['reason']}")
    if items:
        print(f"to look at: {len(items)}")
        table(
            ("line", "prediction", "why"),
            [(one["line"], one["prediction"], one["reason"]) for one in items[:MOST_TOLD]],
        )
    if len(items) > MOST_TOLD:
        print(f"{len(items) - MOST_TOLD} more are in review.json")
