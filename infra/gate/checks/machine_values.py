"""What the states of a run send is what is meant (``meant_requests``); and each job has its own name, hosts, folder and words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from infra.gate.answers import CONTEXT
from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.job_requests import DEFINITION
from infra.gate.meant_requests import ANY_JOB, FINE_TUNING, PRETRAINING, Row
from infra.gate.play import Play, Wrong, found, play_of
from infra.gate.rehearsal import PlayError, Visit, plain
from infra.gate.sources import Sources

_NAME = "machine values"
_NAMES = ("InputName", "OutputName", "ChannelName", "Name")
_LOOKS = {"BestTrial"}
"""States that look at a job which another one has made."""
_VARIABLE = re.compile(r"\$([\w.]+)")
_CARRIED = {"plan", "artifact", "package", "version", "endpoint", "uri", "left"}
"""Keys of a payload that are called as the variable that they carry."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    yield from found(assembly, _NAME, _look)


@cache
def _look(text: str) -> tuple[Wrong, ...]:
    play = play_of(text)
    return tuple(dict.fromkeys(wrong for scenario in play.scenarios for wrong in _run(play, scenario)))


def _run(play: Play, scenario: Any) -> Iterator[Wrong]:
    try:
        run = play.run(scenario)
    except PlayError:
        return  # machine_runs says so
    prepare = run.visit(play.start)
    jobs = prepare.arguments.get("Payload", {}).get("jobs", {}) if prepare else {}
    keys = {str(job.get("state")): key for key, job in jobs.items()}
    table = PRETRAINING if play.pretrains else FINE_TUNING
    for visit in run.visits:
        if visit.kind == "Task":
            own = _job(keys[visit.state], visit, jobs) if visit.state in keys else ()
            rows = [*table.get(visit.state, ()), *own]
            yield from _compared(visit, [*rows, *_payload(visit)])
            named = "JobName" in "".join(visit.arguments) and visit.state not in _LOOKS
            if named and not {visit.state, visit.state.removeprefix("Adopt")} & set(keys):
                yield visit.state, "Prepare is not told of its job", "Name it in Prepare's payload, jobs"


def _job(key: str, visit: Visit, jobs: Mapping[str, Any]) -> Iterator[Row]:
    """What every job takes of its own part of the plan."""
    processing = "ProcessingJobName" in visit.arguments
    name = next((name for name in visit.arguments if name.endswith("JobName")), "")
    inside = f"{DEFINITION}." if DEFINITION in visit.arguments else ""
    yield from ((f"{inside}{path}", value) for path, value in ANY_JOB)
    yield name, f"$plan.jobs.{key}.name"
    machines = f"{inside}{'ProcessingResources.ClusterConfig' if processing else 'ResourceConfig'}"
    yield f"{machines}.InstanceCount", f"$plan.jobs.{key}.instances"
    yield f"{machines}.InstanceType", jobs[key].get("instance")
    yield f"{machines}.VolumeSizeInGB", jobs[key].get("volume_gib")
    yield f"{inside}StoppingCondition.MaxRuntimeInSeconds", jobs[key].get("seconds")
    if processing:
        yield "AppSpecification.ContainerEntrypoint", None
        yield "AppSpecification.ContainerArguments.1", f"$plan.arguments.{key}.0"
        yield "AppSpecification.ContainerArguments.2", f"$plan.arguments.{key}.1"
        output = f"ProcessingOutputConfig.Outputs.{key}.S3Output"
        yield f"{output}.S3Uri", f"$plan.runs.{key}"
        yield f"{output}.LocalPath", f"/opt/ml/processing/output/{key}"
        yield f"{output}.S3UploadMode", "EndOfJob"


def _payload(visit: Visit) -> Iterator[Row]:
    payload = visit.arguments.get("Payload") if isinstance(visit.arguments, Mapping) else None
    if isinstance(payload, Mapping) and "plan" in visit.variables:
        for key in sorted(_CARRIED & set(payload) & set(visit.variables)):
            yield f"Payload.{key}", f"${key}"


def _compared(visit: Visit, rows: Sequence[Row]) -> Iterator[Wrong]:
    for path, value in rows:
        got, wanted = plain(_at(visit.arguments, path)), plain(_meant(value, visit))
        if isinstance(value, list) and isinstance(got, Sequence) and not isinstance(got, str):
            got = [
                next((each[name] for name in _NAMES if name in each), each) if isinstance(each, Mapping) else each
                for each in got
            ]
        if got != wanted:
            meant = f", that is {wanted!r}" if value != wanted else ""
            wrong = f"{path} is {_short(got)} where {value!r}{_short(meant)} is meant"
            yield visit.state, wrong, "Send that, or change infra/gate/meant_requests.py where something else is meant"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) < 160 else f"{text[:160]}…"


def _meant(value: Any, visit: Visit) -> Any:
    """``$plan.base.uri`` → what it is in this run; several in one text are put together."""
    if not isinstance(value, str) or "$" not in value:
        return value
    scope = {**visit.variables, "states": {"context": CONTEXT}}
    whole = _VARIABLE.fullmatch(value)
    if whole:
        return _at(scope, whole[1])
    text = _VARIABLE.sub(lambda match: str(_at(scope, match[1])), value)
    # Words of a table stand apart; a file's name follows its folder at once.
    return text.replace("/ ", "/") if text.count(" ") == 1 and text.endswith(".json") else text


def _at(node: Any, path: str) -> Any:
    """What the keys lead to; of a list of things with names, the one that has this name."""
    for key in path.split("."):
        if isinstance(node, Mapping):
            node = node.get(key)
        elif isinstance(node, Sequence) and not isinstance(node, str):
            named = (each for each in node if isinstance(each, Mapping) and key in [each.get(name) for name in _NAMES])
            index = int(key) if key.isdigit() else len(node)
            node = next(named, node[index] if index < len(node) else None)
        else:
            return None
    return node
