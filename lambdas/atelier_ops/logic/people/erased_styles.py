"""Removing styles that were learnt from a person's pictures: dataset, versions, masks, checkpoints, evaluations and what jobs logged.

A style goes whole. Which of its pictures show whom nobody says, and weights cannot be shown to have kept nothing of one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from atelier_ops.gateways.records import Record
from atelier_ops.logic.deleted_styles import HELD, VersionPlaces, begin, doomed_of, kept_name, write_down
from atelier_ops.logic.log_expiry import JOBS
from atelier_ops.logic.names import is_of_job, run_jobs
from atelier_ops.logic.ownership import deletion_key
from atelier_ops.logic.people.erasure import Erasing, gone
from atelier_ops.logic.people.persons import STYLE, named, theirs_key
from atelier_ops.logic.people.style_people import BEGUN, ENDED, PERSONS, people_key
from atelier_ops.logic.style_versions import known_style, look_at
from atelier_ops.logic.trainings import origin_of
from contracts.layout import before_key, checkpoint_prefix, dataset_prefix, run_prefix, style_prefix

_STEPS = {"segment": "processing", "train": "training", "search": "tuning", "evaluate": "processing"}
"""The jobs that a run may have had, by their steps, and what kind each is."""


_REMOVED = ("versions", "objects", "log_streams")
"""What a note counts, once all of it is removed."""


def erase_style(note: Record, erasure: Record, dependencies: Erasing) -> bool:
    """Whether it is gone. Its runs are stopped first; then nothing can name it, and every old version of its objects goes; its endpoints go
    with the sweep of deleted styles, for which this waits. Until all is gone nobody has another style of its name, which would be taken
    for it. Of a style that its client has deleted the rest goes."""
    style, records = named(note.key)[1], dependencies.records
    over = note.data.get(ENDED) and not note.data.get(BEGUN)
    if _stopped(note.data["runs"] if over else _runs(style, dependencies, statusFilter="RUNNING"), dependencies):
        return False
    if over:
        counts = {"runs": len(note.data["runs"]), **_purge(note.data["runs"], style, dependencies, current=False)}
        return gone(note, counts, erasure, dependencies)
    if any(name not in note.data for name in _REMOVED):
        _begin(note, style, note.data["client"] or erasure.data.get("by", ""), dependencies)
        return False
    deletion = records.get(deletion_key(style))
    if deletion is not None and deletion.status != HELD:
        return False
    others = _release(note, style, dependencies)
    counts = {"styles": 1, "runs": len(note.data["runs"]), **{name: note.data[name] for name in _REMOVED}}
    # The last of those for whom it goes lets go of the name.
    own = () if others else (deletion, records.get(people_key(style)))
    return gone(note, counts, erasure, dependencies, *own)


def _release(note: Record, style: str, dependencies: Erasing) -> bool:
    """Let go of what else was noted of the style, but for whom somebody removes it as well; whether there is such a note."""
    records, known = dependencies.records, dependencies.records.get(people_key(style))
    keys = [theirs_key(person, STYLE, style) for person in known.data[PERSONS]] if known else []
    others = [each for each in records.get_each(keys) if each.key != note.key]
    return bool([each for each in others if each.data.get(BEGUN) or not records.remove(each)])


def _stopped(runs: Iterable[str], dependencies: Erasing) -> list[str]:
    """Those of these runs that were under way, and are being stopped."""
    running = []
    for each in runs:
        found = dependencies.executions.describe(each)
        if found is not None and found.status == "RUNNING":
            dependencies.executions.stop(each)
            running.append(each)
    return running


def _runs(style: str, dependencies: Erasing, **chosen: str) -> Iterable[str]:
    for each in dependencies.executions.listing(**chosen):
        found = dependencies.executions.describe(each.name)
        if found is not None and origin_of(found, dependencies).input.get("style") == style:
            yield each.name


def _begin(note: Record, style: str, client: str, dependencies: Erasing) -> None:
    """Let nothing name the style any more, and note all that there is of it. From now on its name is this client's."""
    known = known_style(style, dependencies)
    versions = look_at(known, known.numbers, dependencies)
    doomed = replace(doomed_of(known, versions, client, whole=True), for_person=True)
    # Before anything goes that says which runs and versions there were. It has begun before anybody sees that the style is being deleted:
    # the sweep of those would take the note away.
    runs = [*note.data["runs"], *doomed.executions, *_runs(style, dependencies)]
    found = _noted(note, dependencies, runs=sorted({*runs}), versions=len(versions), **{BEGUN: True})
    if found is None:
        return
    write_down(doomed, deletion_key(style), dependencies.records)
    dependencies.records.add(kept_name(doomed))
    begin(doomed, VersionPlaces(models=dependencies.models, packages=dependencies.packages))
    # While the style is being deleted nobody brings pictures for another of its name.
    _noted(found, dependencies, **_purge(found.data["runs"], style, dependencies))


def _noted(note: Record, dependencies: Erasing, **found: Any) -> Record | None:
    """The note with what was found, beside what was found before: of numbers the larger one."""

    def more(newest: Record) -> Record:
        data = dict(newest.data)
        for name, value in found.items():
            data[name] = sorted({*data[name], *value}) if name == "runs" else max(value, data.get(name, 0))
        return replace(newest, data=data)

    return dependencies.records.change(note, more)


def _purge(runs: Sequence[str], style: str, dependencies: Erasing, *, current: bool = True) -> dict[str, int]:
    """Remove every version of every object of the style and its runs, and what these logged; how many there were.

    The style's own objects that are there now are another one's where ``current`` is false, and stay.
    """
    places = [
        before_key(style),
        *(f"imports/{run.removeprefix('import-')}/" for run in runs if run.startswith("import-")),
    ]
    places += [prefix for run in runs for prefix in (run_prefix(run), checkpoint_prefix(run))]
    objects = sum(map(dependencies.data.purge, places))
    objects += dependencies.data.purge(dataset_prefix(style), current=current)
    objects += dependencies.models.purge(style_prefix(style), current=current)
    return {"objects": objects, "log_streams": _drop_logs(runs, dependencies)}


def _drop_logs(runs: Iterable[str], dependencies: Erasing) -> int:
    """Delete what the runs' jobs logged, which may name files of the dataset; how many streams there were."""
    dropped, jobs = 0, {step: {"kind": kind} for step, kind in _STEPS.items()}
    for run in runs:
        for job in run_jobs(jobs, dependencies.name_prefix, run).values():
            for group in JOBS:
                for stream in dependencies.logs.streams(group, str(job["name"])):
                    if is_of_job(stream.name, str(job["name"]), str(job["kind"])):
                        dependencies.logs.delete(group, stream.name)
                        dropped += 1
    return dropped
