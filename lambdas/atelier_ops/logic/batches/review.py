"""What somebody should look at in a batch, and why: what failed, and pictures that do not look like the others of their kind."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from atelier_ops.logic.consistency import drifts, outliers, statistics_by_group
from atelier_ops.logic.looks import group_name, measured
from contracts.batches import BatchItem

Entry = Mapping[str, Any]


def group_of(item: BatchItem) -> str:
    """What an item's pictures are compared with: those of one style, one prompt and, where rows name one, one colour."""
    colour = item.row.get("colour") or item.row.get("color") or ""
    return group_name(style=item.version, prompt=str(item.input.get("prompt", "")), colour=str(colour))


def review_of(entries: Sequence[Entry]) -> dict[str, Any]:
    """``items`` to look at, those that failed first; ``drifts`` along the batch; and ``groups``, what is usual in each."""
    painted = [entry for entry in entries if entry["status"] == "succeeded"]
    pictures = [one for entry in painted for one in measured(str(entry["line"]), entry["group"], entry["metrics"])]
    by_line = {str(entry["line"]): entry for entry in painted}
    failed = [_listed(entry, 0, str(entry["error"])) for entry in entries if entry["status"] == "failed"]
    unlike = [_listed(by_line[each.item], each.picture, "; ".join(each.reasons)) for each in outliers(pictures)]
    return {
        "items": failed + unlike,
        "drifts": [{**asdict(each), "since": int(each.since)} for each in drifts(pictures)],
        "groups": [asdict(each) for each in statistics_by_group(pictures)],
    }


def _listed(entry: Entry, picture: int, reason: str) -> dict[str, Any]:
    return {"line": entry["line"], "prediction": entry["prediction"], "picture": picture, "reason": reason}
