"""What a deletion of a style's versions does: each step may be repeated, so that what breaks off is finished by the next sweep.

A record, ``deletion#skirt@3`` or ``deletion#skirt``, says what is to go; it goes last. The registry's packages stay, rejected: SageMaker
gives the number after the highest that is there, and a number that came again would let ``style@3`` mean something else (ADR 0033).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from atelier_ops.errors import EndpointBusyError, PromotedError
from atelier_ops.gateways.endpoints import Endpoints
from atelier_ops.gateways.records import NEVER, Record, Records
from atelier_ops.gateways.registry import Packages
from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.logic.endpoint import remove_endpoint
from atelier_ops.logic.names import style_endpoint
from atelier_ops.logic.ownership import CLAIMED, claim_key
from atelier_ops.logic.people.style_people import end_style
from atelier_ops.logic.promotion import forget, let_all_go, let_go
from atelier_ops.logic.style_versions import DELETED, KnownStyle, KnownVersion
from atelier_ops.logic.sweeping import sweep
from atelier_ops.observability import logger
from contracts.layout import LATEST, MANIFEST, dataset_prefix, import_prefix, style_prefix

DELETING = "deleting_style"
"""The status of a record of a style, or of a version, that is being deleted."""

HELD = "holding_style_name"
"""The status of the record of a style that is deleted for a person: while it is there, nobody has another of this name."""

_IMPORT = re.compile(r"import-([0-9a-f]+)")


@dataclass(frozen=True, kw_only=True)
class VersionPlaces:
    """Where versions lie."""

    models: ObjectStore
    packages: Packages


@dataclass(frozen=True, kw_only=True)
class Dependencies(VersionPlaces):
    """What finishing a deletion needs."""

    records: Records
    data: ObjectStore
    endpoints: Endpoints
    name_prefix: str


@dataclass(frozen=True, kw_only=True)
class Doomed:
    """What is to go: versions of a style by number, each with its package, and the whole style with its dataset where it is ``whole``.

    ``full`` are the numbers of those that have endpoints of their own, ``executions`` what made the versions. Where it goes ``for_person``,
    more goes than this, and whoever removes that removes the record too.
    """

    style: str
    numbers: Sequence[int]
    packages: Sequence[str]
    full: Sequence[int]
    executions: Sequence[str]
    whole: bool
    client: str
    for_person: bool = False

    def record(self, key: str) -> Record:
        """The record that says so; it does not expire, for nothing else knows what is left to do."""
        return Record(key=key, status=DELETING, expires_at=NEVER, data=dict(vars(self)))


def doomed_of(style: KnownStyle, versions: Sequence[KnownVersion], client: str, *, whole: bool) -> Doomed:
    """What is to go of a style: these versions, or all of it."""
    packages = [each.package.arn for each in versions if each.package]
    return Doomed(
        style=style.name,
        numbers=[each.number for each in versions],
        packages=packages,
        full=[each.number for each in versions if each.manifest and each.manifest.method == "full"],
        executions=[each.execution for each in versions if each.execution],
        whole=whole,
        client=client,
    )


def write_down(doomed: Doomed, key: str, records: Records) -> Record:
    """The record of what is to go, stored; with what an earlier request wrote down under this key that is not finished yet."""
    new = doomed.record(key)
    while not records.add(new):
        earlier = records.get(key)
        both = earlier and records.change(earlier, lambda newest: _joined(Doomed(**newest.data), doomed).record(key))
        if both:
            return both
    return new


def _joined(earlier: Doomed, later: Doomed) -> Doomed:
    """What both let go: versions may have been published between them."""
    return replace(
        earlier,
        numbers=sorted({*earlier.numbers, *later.numbers}),
        packages=sorted({*earlier.packages, *later.packages}),
        full=sorted({*earlier.full, *later.full}),
        executions=sorted({*earlier.executions, *later.executions}),
        for_person=earlier.for_person or later.for_person,
    )


def begin(doomed: Doomed, places: VersionPlaces) -> None:
    """Let nothing name it any more. Raises PromotedError for a version that the style's bare name means."""
    there = [number for number in doomed.numbers if places.models.uploaded(_manifest(doomed.style, number)) is not None]
    if doomed.whole and there:
        let_all_go(doomed.style, doomed.numbers, places.models)
    for number in there if not doomed.whole else ():
        let_go(doomed.style, number, places.models)
    for package in doomed.packages:
        found = places.packages.find(package)
        if found is not None and not found.reason.startswith(DELETED):
            places.packages.decide(package, "Rejected", f"{DELETED} by {doomed.client}")
    for number in there:
        places.models.delete(_manifest(doomed.style, number))


def sweep_all(dependencies: Dependencies) -> int:
    """Finish every deletion; how many there were. Raises an ExceptionGroup of what went wrong, after it has looked at all."""
    finished = 0
    with sweep() as one:
        for key in dependencies.records.expiring(DELETING, NEVER + 1):
            with one(key):
                record = dependencies.records.get(key)
                finished += record is not None and _finish(record, dependencies)
    return finished


def _finish(record: Record, dependencies: Dependencies) -> bool:
    """Whether it is all gone; an endpoint that is still being made goes with the next sweep."""
    doomed = Doomed(**record.data)
    if doomed.whole:
        dependencies.records.add(kept_name(doomed))
    try:
        begin(doomed, dependencies)
        for number in doomed.full:
            remove_endpoint(style_endpoint(dependencies.name_prefix, doomed.style, number), dependencies.endpoints)
    except PromotedError:
        # Nobody was told that it is deleted: the request broke off before it had looked.
        logger.warning("is promoted, and stays", key=record.key)
        dependencies.records.remove(record)
        return False
    except EndpointBusyError as error:
        logger.info("is deleted later", key=record.key, reason=str(error))
        return False
    _remove_files(doomed, dependencies)
    forget(doomed.style, doomed.numbers, dependencies.models)
    if doomed.whole and not _is_there(doomed.style, dependencies.models):
        dependencies.models.delete(style_prefix(doomed.style) + LATEST)
    if doomed.for_person:
        return dependencies.records.replace(record, replace(record, status=HELD))
    if doomed.whole:
        end_style(doomed.style, doomed.executions, dependencies.records)
    return dependencies.records.remove(record)


def kept_name(doomed: Doomed) -> Record:
    """Whose the style's name is from now on: of the house's, too, nobody else shall be told of its trainings."""
    key = claim_key(doomed.style)
    return Record(key=key, status=CLAIMED, expires_at=NEVER, data={"client": doomed.client})


def _manifest(style: str, number: int) -> str:
    return style_prefix(style, number) + MANIFEST


def _remove_files(doomed: Doomed, dependencies: Dependencies) -> None:
    models, data = dependencies.models, dependencies.data
    for number in doomed.numbers:
        _empty(models, style_prefix(doomed.style, number))
    for execution in doomed.executions:
        if found := _IMPORT.fullmatch(execution):
            _empty(data, import_prefix(found[1]))
    if doomed.whole:
        _empty(data, dataset_prefix(doomed.style))


def _empty(store: ObjectStore, prefix: str) -> None:
    for entry in store.listing(prefix):
        store.delete(entry.key)


def _is_there(style: str, models: ObjectStore) -> bool:
    """Whether a version has been published since."""
    return bool(models.folders(style_prefix(style)))
