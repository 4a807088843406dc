"""What passes is tried again, and nothing is waited for in vain: retries, heartbeats, looks at jobs, time to decide."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.gate.assembly import Assembly
from infra.gate.checks.machine_answers import declared
from infra.gate.constants import constant
from infra.gate.finding import Finding
from infra.gate.functions import handlers
from infra.gate.machines import Definition, expressions, integration, machines
from infra.gate.sources import Module, Sources

_NAME = "machine retries"
_JITTERS = {"FULL", "NONE"}
_LAMBDA = "Lambda.TooManyRequestsException"
_PASSING = re.compile(r"\b(\w*(?:Busy|Unavailable)\w*)\b")
_EVENTS_A_LOOK, _MOST_EVENTS = 6, 20_000
"""An execution may have 25,000 events: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html."""

_WAITING: Mapping[str, tuple[str, str]] = {
    "RequestApproval": ("atelier_ops.logic.approval", "SECONDS_TO_DECIDE"),
    "PaintItem": ("atelier_ops.logic.batches.items", "LONGEST_ITEM"),
}
"""By state, the constant that says how long it waits: for a person, or for a picture."""

_ARN = re.compile(r"<\w+/\w+\.Arn>")
_MEMBER = re.compile(r"\$states\.result\.Payload\.(\w+)")


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    names = {function.name: name for name, function in handlers(assembly).items()}
    beats = any(
        "send_task_heartbeat" in ast.unparse(module.tree)
        for module in sources.modules.values()
        if "workflow" in module.name
    )
    for machine in machines(assembly):
        for name, state in machine.tasks.items():
            arguments: Any = state.get("Arguments")
            arguments = arguments if isinstance(arguments, Mapping) else {}
            called = assembly.referenced(str(arguments.get("FunctionName", "")))
            module = sources.handlers.get(next((names[each.name] for each in called if each.name in names), ""))
            for wrong, remedy in (
                *_rules(state, module),
                *_waits(sources, name, state, beats=beats),
                *_kept(state, module),
            ):
                yield machine.finding(_NAME, name, wrong, remedy)
            function = str(arguments.get("FunctionName", ""))
            if function and called and not _ARN.fullmatch(function):
                wrong = f"it calls {function}, which no role may"
                yield machine.finding(_NAME, name, wrong, "Name the function's own ARN: functions have no versions")
        yield from _looks(machine)
        yield from _points(machine)


def _rules(state: Mapping[str, Any], module: Module | None) -> Iterator[tuple[str, str]]:
    retried = {str(error) for rule in state.get("Retry", []) for error in rule.get("ErrorEquals", [])}
    for rule in state.get("Retry", []):
        if rule.get("JitterStrategy", "NONE") not in _JITTERS:
            yield f"JitterStrategy is {rule['JitterStrategy']}", f"Use {' or '.join(sorted(_JITTERS))}"
    if integration(state).startswith("lambda:invoke") and _LAMBDA not in retried:
        yield f"{_LAMBDA} ends the run", "Retry it: a function is refused when too many run at once"
    text = _docstring(module) if module else ""
    for error in sorted(set(_PASSING.findall(text.partition("Raises")[2])) - retried):
        yield f"its handler raises {error}, which passes, and the run ends", f"Retry {error} for as long as it may take"


def _docstring(module: Module) -> str:
    functions = (node for node in module.tree.body if isinstance(node, ast.FunctionDef) and node.name == "handler")
    return next((ast.get_docstring(node) or "" for node in functions), "")


def _waits(sources: Sources, name: str, state: Mapping[str, Any], *, beats: bool) -> Iterator[tuple[str, str]]:
    if "HeartbeatSeconds" in state and not beats:
        yield "it expects heartbeats, and nothing sends them", "Remove HeartbeatSeconds, or send them"
    if name in _WAITING:
        wanted = constant(sources, *_WAITING[name])
        if isinstance(wanted, int) and state.get("TimeoutSeconds") != wanted:
            yield (
                f"it waits {state.get('TimeoutSeconds')} s, and people are told that they have {wanted} s",
                "Let both be the same",
            )


def _kept(state: Mapping[str, Any], module: Module | None) -> Iterator[tuple[str, str]]:
    """Where one member of an answer is kept, all are: what is left out keeps an older value."""
    said = declared(module) if module else []
    kept = {key for _, text in expressions(state.get("Assign", {})) for key in _MEMBER.findall(text)}
    if len(said) > 1 and kept and kept <= said[1]:
        for key in sorted(said[1] - kept):
            yield f"it does not keep {key} of the answer", f"Assign {key}: what is there already is older"


def _looks(machine: Definition) -> Iterator[Finding]:
    for name, state in machine.states.items():
        job = machine.states.get(name.removeprefix("Await"), {})
        if name.startswith("Await") and state.get("Type") == "Wait" and job:
            seconds, longest = state.get("Seconds", 0), job.get("TimeoutSeconds", 0)
            looks = longest / max(seconds, 1)
            if looks * _EVENTS_A_LOOK > _MOST_EVENTS:
                wrong = (
                    f"it looks every {seconds} s at a job of up to {longest} s, more events than an execution may have"
                )
                yield machine.finding(_NAME, name, wrong, "Wait longer between two looks")


def _points(machine: Definition) -> Iterator[Finding]:
    """Prepare is told of every state that a run can be taken up at."""
    start, payload = (
        machine.states.get("Start", {}),
        machine.states.get("Prepare", {}).get("Arguments", {}).get("Payload", {}),
    )
    meant = [start.get("Default"), *(rule.get("Next") for rule in start.get("Choices", []))]
    if start.get("Type") == "Choice" and isinstance(payload, Mapping) and payload.get("points") != meant:
        wrong = f"it says that runs can be taken up at {payload.get('points')}, and Start knows {meant}"
        yield machine.finding(_NAME, "Prepare", wrong, "Tell it of the points of Start, in order")
