"""What must hold whatever went wrong. Each check reads what was seen and what is there in the end, and says what is not so."""

from collections.abc import Iterator

from tests.chaos import cleared, keeping, rows, telling
from tests.chaos.discards import CAPE
from tests.chaos.evidence import Evidence, Run
from tests.chaos.history import FINAL, GONE, PREDICTION, SHELF, TRAINING, History, Look

_BY_HAND = (SHELF, CAPE)
"""Styles whose versions people bring, choose and delete; other checks see to what these mean."""

_ORDER = {"starting": 0, "processing": 1, **dict.fromkeys(FINAL, 2)}


def lost(history: History, evidence: Evidence) -> Iterator[str]:
    """Whatever was accepted ends, by itself and not because its time ran out, and what nobody deleted is there."""
    for one, accepted in history.accepted.items():
        if one in history.deleted:
            continue
        if not history.final(one):
            last = history.looks[one][-1].status if history.looks[one] else "never seen"
            yield f"{accepted.kind} {one} (key {accepted.key}) never ended: {last}"
        elif any(look.status == GONE for look in history.looks[one]):
            yield f"{accepted.kind} {one} (key {accepted.key}) was not found, and nobody had deleted it"
        if one in evidence.gave_up:
            yield f"{accepted.kind} {one} ended only because the time for its answer ran out"
    for key, (_, path, _) in history.unanswered.items():
        yield f"POST {path} with key {key} was never answered"


def went_back(history: History, _: Evidence) -> Iterator[str]:
    """A status never goes back, and an end never changes: a look that began after another came shows no less."""
    for one, looks in history.looks.items():
        ordered = sorted((look for look in looks if look.status != GONE), key=lambda look: look.ended)
        for later in ordered:
            earlier = [look for look in ordered if look.ended <= later.begun]
            yield from (f"{one} {what}" for look in earlier if (what := _changed(look, later)))


def _changed(earlier: Look, later: Look) -> str:
    if _ORDER[later.status] < _ORDER[earlier.status]:
        return f"went back from {earlier.status} to {later.status}"
    if earlier.status in FINAL and (earlier.status, earlier.fixed) != (later.status, later.fixed):
        return f"had ended as {earlier.status} {earlier.fixed}, then as {later.status} {later.fixed}"
    return ""


def doubled(history: History, evidence: Evidence) -> Iterator[str]:
    """One key, one prediction; a model paints it once, and once more for each time that it was submitted again or its answer died."""
    for key, ids in history.ids.items():
        if len(ids) > 1:
            yield f"Idempotency-Key {key} made {sorted(ids)}"
    for one, runs in evidence.runs.items():
        submitted, cut_off = evidence.attempts.get(one, 1), evidence.cut_off.get(one, 0)
        if runs > submitted + cut_off:
            yield f"prediction {one} was painted {runs} times, submitted {submitted} times, cut off {cut_off} times"
    origins = [_origin(run, evidence) for run in evidence.jobs]
    for run in sorted(set(origins)):
        if (jobs := origins.count(run)) > 1:
            yield f"training {run}, with those that took it up, trained {jobs} times"


def half_done(history: History, evidence: Evidence) -> Iterator[str]:
    """A prediction that succeeded has its pictures, one that was deleted has nothing."""
    for one in history.ended(PREDICTION, "succeeded"):
        if one not in history.deleted and not evidence.outputs.get(one):
            yield f"prediction {one} succeeded and has no pictures"
    for one in history.deleted:
        if evidence.outputs.get(one):
            yield f"prediction {one} was deleted and has pictures"


def half_published(_: History, evidence: Evidence) -> Iterator[str]:
    """A version is complete, its package approved, and its run got as far as publishing; a run that succeeded has its version."""
    for version in evidence.versions:
        name = f"{version.style}@{version.number}"
        if not version.complete:
            yield f"{name} lacks files that its manifest names"
        if not version.newest_is_manifest:
            yield f"{name}: a file is newer than its manifest"
        if version.style == SHELF or version.run.startswith("import-"):
            continue  # nobody trains it, and who decides about its packages does so at any time
        # Who rejects what is published, and no name means, is right; ``misnamed`` sees to the rest.
        if evidence.packages.get(version.package) not in ("Approved", "Rejected"):
            yield f"{name} is published, its package {evidence.packages.get(version.package, 'gone')}"
        if not any("Publish" in run.started for run in _line(version.run, evidence)):
            yield f"{name} is published by {version.run}, which never came to Publish"
    there = {f"{version.style}@{version.number}" for version in evidence.versions}
    for name, run in evidence.trainings.items():
        if run.version.startswith(f"{CAPE}@"):  # which is deleted with all its versions
            continue
        if run.status == "succeeded" and run.version and run.version not in there:
            yield f"training {name} succeeded with {run.version}, which is not published"


def misnamed(_: History, evidence: Evidence) -> Iterator[str]:
    """What a bare name means is published, was promoted, and nothing newer was promoted by a run that succeeded."""
    versions = {(version.style, version.number): version for version in evidence.versions}
    for style, number in evidence.latest.items():
        version = versions.get((style, number))
        if version is None:
            yield f"{style} means version {number}, which is not published"
        elif style in _BY_HAND:
            continue
        elif evidence.packages.get(version.package) == "Rejected":
            yield f"{style} means version {number}, which was rejected"
        elif not any("Promote" in run.started for run in _line(version.run, evidence)):
            yield f"{style} means version {number}, whose run never came to Promote"
    for (style, number), version in versions.items():
        rejected = evidence.packages.get(version.package) == "Rejected"
        succeeded = not rejected and any(run.status == "succeeded" for run in _line(version.run, evidence))
        if succeeded and style not in _BY_HAND and evidence.latest.get(style, 0) < number:
            yield f"{style} means version {evidence.latest.get(style)}, though {number} was promoted"


def _line(run: str, evidence: Evidence) -> list[Run]:
    """A run and all that took it up, one after the other."""
    names = {run}
    while more := {n for n, each in evidence.trainings.items() if each.resumes in names - {""} and n not in names}:
        names |= more
    return [evidence.trainings[name] for name in names if name in evidence.trainings]


def _origin(run: str, evidence: Evidence) -> str:
    """The run that was taken up first."""
    while run in evidence.trainings and evidence.trainings[run].resumes:
        run = evidence.trainings[run].resumes
    return run


def left_behind(_: History, evidence: Evidence) -> Iterator[str]:
    """Nothing runs on, no folder grows, and every message that could not be delivered is about what ended all the same."""
    yield from (f"process {each} outlived the local cloud" for each in evidence.orphans)
    yield from (f"{each} runs, though no run waits for it" for each in evidence.running)
    yield from (f"folder {each} is left of a function's worker" for each in evidence.left_folders)
    served = {(each.style, each.number): each.run for each in evidence.versions}
    for name, version in evidence.endpoints.items():
        if not any(run.status == "succeeded" for run in _line(served.get(version, ""), evidence)):
            yield f"endpoint {name} is there, though its run did not succeed"


def unaccounted(history: History, evidence: Evidence) -> Iterator[str]:
    """A dead letter is an account of something that had its end by another way."""
    open_ones = [*history.open(PREDICTION), *history.open(TRAINING)]
    for letter in evidence.dead_letters:
        text = str(letter)
        yield from (f"a dead letter is about {one}, which has not ended" for one in open_ones if one in text)


CHECKS = {
    "lost": lost,
    "went back": went_back,
    "doubled": doubled,
    "half done": half_done,
    "half published": half_published,
    "misnamed": misnamed,
    "left behind": left_behind,
    "unaccounted": unaccounted,
    "erred": keeping.erred,
    "unlisted": keeping.unlisted,
    "misplaced": keeping.misplaced,
    "unpainted": keeping.unpainted,
    "repainted": keeping.repainted,
    "misordered": keeping.misordered,
    "brought back": cleared.brought_back,
    "deleted at work": cleared.deleted_at_work,
    "uneven": rows.uneven,
    "untold": telling.untold,
    "told late": telling.told_late,
    "told wrongly": telling.told_wrongly,
    "never given up": telling.never_given_up,
}


def violations(history: History, evidence: Evidence) -> dict[str, list[str]]:
    """What does not hold, by check; only checks that found something."""
    found = {name: list(check(history, evidence)) for name, check in CHECKS.items()}
    return {name: problems for name, problems in found.items() if problems}
