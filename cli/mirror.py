"""Base models, copied from their hub into a stage's bucket through this machine: checked, resumed, and said before it begins."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from atelier_ops.errors import SourceFileError
from atelier_ops.gateways.hub import HUB, Hub, HubFile
from atelier_ops.logic.mirror import Clock, Entry, mirror_hub, present_manifest
from atelier_ops.logic.selection import select
from cli.account import stage_outputs
from cli.callers_bucket import CallersBucket
from cli.services import services_of
from cli.terminal import print_json, table
from contracts.errors import InvalidInputError
from infra.config import STAGES, stage_named
from models.catalogue import CATALOGUE, CatalogueEntry, HubSource

_MEGA = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One base model that is to be in the bucket: its files by the names that they get, and the bytes of those that are there already."""

    entry: Entry
    files: dict[str, HubFile]
    there: int
    complete: bool

    @property
    def size(self) -> int:
        """Bytes in all; 0 of one that was there before, whose files the hub was not asked for."""
        return sum(file.size for file in self.files.values())

    def to_json(self, hub: str) -> dict[str, Any]:
        """The same for programs."""
        return {
            "model": f"{self.entry.name}@{self.entry.revision}",
            "licence": self.entry.licence,
            "commercial": self.entry.commercial,
            "stage": self.entry.stage,
            "source": f"{hub}/{self.entry.source.repository}",
            "prefix": self.entry.prefix,
            "files": len(self.files),
            "bytes": self.size or None,
            "bytes_there": self.there if self.size else None,
            "complete": self.complete,
        }


def run_mirror(names: Sequence[str], *, hub: str, dry_run: bool, stage: str, cloud: Path, json: bool) -> None:
    """Copy the models, and say what is copied before. Raises InvalidInputError, SourceFileError, and botocore's errors."""
    address = (hub or HUB).rstrip("/")
    entries = chosen(names, stage)
    client = services_of(stage, cloud)
    bucket, s3 = stage_outputs(client, stage, ["storage"])["ModelBucketName"], client("s3")
    server = Hub(address)
    copies = [planned(entry, CallersBucket(bucket, s3), server) for entry in entries]
    errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for line in notes(copies, stage, address):
        errors.print(line)
    if not dry_run:
        for at, each in enumerate(copies):
            if not each.complete:
                copies[at] = _copied(each, bucket, s3, server, errors)
    if json:
        print_json([each.to_json(address) for each in copies])
    else:
        table(["model", "files", "size", "there", ""], (_row(each) for each in copies))


def chosen(names: Sequence[str], stage: str) -> list[Entry]:
    """The entries that are meant: those named or, where none is, those of the stage that come from a hub. Raises InvalidInputError."""
    if stage not in STAGES:
        raise InvalidInputError("--stage", got=stage or None, allowed=f"one of {', '.join(STAGES)}")
    settings = stage_named(stage)
    known = [name for name, entry in CATALOGUE.items() if isinstance(entry.source, HubSource)]
    wrong = [name for name in names if name not in known]
    if wrong:
        shipped = [name for name in wrong if name in CATALOGUE]
        allowed = f"{' | '.join(known)}: " + (
            f"{', '.join(shipped)} is shipped here, and deploying puts it there"
            if shipped
            else "those of the catalogue"
        )
        raise InvalidInputError("model", got=" ".join(wrong), allowed=allowed)
    entries = [_entry(CATALOGUE[name]) for name in dict.fromkeys(names)] or [
        _entry(entry) for entry in settings.models if isinstance(entry.source, HubSource)
    ]
    if not entries:
        raise InvalidInputError(
            "model",
            got=None,
            allowed=f"{' | '.join(known)}: every model of stage {stage} is shipped here, and deploying puts it there",
        )
    return entries


def _entry(entry: CatalogueEntry) -> Entry:
    return Entry.from_text(entry.to_json())


def planned(entry: Entry, models: CallersBucket, hub: Hub) -> Copy:
    """What is missing of a model. Raises SourceFileError."""
    if present := present_manifest(entry, models):
        return Copy(entry=entry, files=dict.fromkeys(present.files, HubFile(path="", size=0)), there=0, complete=True)
    files = select(hub.tree(entry.source.repository, entry.revision), entry.source.variant)
    return Copy(entry=entry, files=files, there=_there(entry, files, models), complete=False)


def _there(entry: Entry, files: dict[str, HubFile], models: CallersBucket) -> int:
    """Bytes of the files that an earlier call left, as their hashes say."""
    kept = [file for name, file in files.items() if file.sha256 and _is_kept(entry.prefix + name, file, models)]
    return sum(file.size for file in kept)


def _is_kept(key: str, file: HubFile, models: CallersBucket) -> bool:
    found = models.uploaded(key)
    return found is not None and (found.size, found.sha256) == (file.size, file.sha256)


def notes(copies: Sequence[Copy], stage: str, hub: str) -> list[str]:
    """What to know before anything is copied: under which licence each model is, and whether the stage has it."""
    lines = []
    offered = {entry.reference for entry in stage_named(stage).models}
    for each in copies:
        entry = each.entry
        binds = "" if entry.commercial == "yes" else "; not for commercial use"
        binds += "; its use restrictions bind you and your users" if entry.restricted else ""
        binds += "; deprecated" if entry.stage == "deprecated" else ""
        lines.append(f"{entry.name}: {entry.licence}{binds} ({hub}/{entry.source.repository})")
        if f"{entry.name}@{entry.revision}" not in offered:
            lines.append(f"  stage {stage} does not name it yet: base_models in infra/config.py, and make deploy")
    return lines


def _copied(each: Copy, bucket: str, s3: Any, hub: Hub, errors: Console) -> Copy:
    """The model, copied to its end. Raises SourceFileError, after saying how to go on."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=errors, disable=not errors.is_terminal) as bar:
        task = bar.add_task(each.entry.name, total=each.size, completed=each.there)
        begun = set[str]()

        def sent(key: str, more: int) -> None:
            bar.advance(task, more)
            if key not in begun and not errors.is_terminal:
                errors.print(f"  {key.removeprefix(each.entry.prefix)}")
            begun.add(key)

        models = CallersBucket(bucket, s3, sent)
        try:
            mirror_hub(each.entry, models, hub, Clock(left=lambda: math.inf))
        except (KeyboardInterrupt, SourceFileError):
            errors.print("Files that were copied to their end stay; the same command goes on from there.")
            raise
    return Copy(entry=each.entry, files=each.files, there=each.size, complete=True)


def _row(each: Copy) -> list[object]:
    reference = f"{each.entry.name}@{each.entry.revision[:12]}"
    size = f"{each.size / _MEGA:,.0f} MB" if each.size else ""
    there = f"{each.there / each.size:.0%}" if each.size else ""
    return [reference, len(each.files), size, there, "copied" if each.complete else "to be copied"]
