"""Batches that were begun: a list of them, and how one is."""

from pathlib import Path

from cli.connection import connected
from cli.terminal import duration, facts, print_json, table
from contracts.batch_answers import CatalogueBatch


def run_batches(*, limit: int, stage: str, cloud: Path, json: bool) -> None:
    """List the batches, newest first."""
    with connected(stage, cloud=cloud) as client:
        found = client.batches.list(limit=limit).results
    if json:
        print_json([each.model_dump(mode="json") for each in found])
        return
    rows = [
        (each.id, each.status, _painted(each), _costs(each.dollars), each.created_at[:19], each.name or each.error)
        for each in found
    ]
    table(["batch", "status", "painted", "costs", "begun (UTC)", ""], rows)


def tell_batch(batch: CatalogueBatch) -> None:
    """How it is now, what to do about it, and where its report is."""
    counts = batch.counts.model_dump() if batch.counts else {}
    facts(
        {
            "batch": batch.id,
            "name": batch.name,
            "status": batch.status,
            "stage": batch.stage,
            "round": batch.round,
            **{name: number for name, number in counts.items() if number},
            "left": f"about {duration(batch.eta_seconds)}" if batch.eta_seconds is not None else None,
            "costs": _costs(batch.dollars),
            "error": batch.error,
            "webhook": batch.webhook_note or batch.webhook,
            "report": batch.report and batch.report.page,
        }
    )


def _painted(batch: CatalogueBatch) -> str:
    """How many of its rows, once they were read."""
    return f"{batch.counts.succeeded} of {batch.counts.total}" if batch.counts else ""


def _costs(dollars: float | None) -> str | None:
    return f"${dollars:.4f}" if dollars is not None else None
