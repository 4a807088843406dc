"""The charts of both state machines in ``architecture.md``: Mermaid text, which GitHub draws. Failures are gathered."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.components.workflow.flow import Flow, steps
from infra.components.workflow.machine import definition
from infra.components.workflow.resumable import START
from infra.components.workflow.step import RECORD_FAILURE, Step

State = Mapping[str, Any]
_ANY = ["States.ALL"]
_SETTINGS = '%%{init: {"flowchart": {"nodeSpacing": 24, "rankSpacing": 26, "padding": 6, "wrappingWidth": 300}}}%%'
_COLOURS = (
    "  classDef lambda fill:#d0ebff,stroke:#1c7ed6,color:#212529",
    "  classDef job fill:#fff3bf,stroke:#f08c00,color:#212529",
    "  classDef service fill:#f1f3f5,stroke:#868e96,color:#212529",
    "  classDef failure fill:#ffe3e3,stroke:#e03131,color:#212529",
)


def chart(flow: Flow) -> str:
    """The chart of one machine: every state, but for those that go on with a job that is there already."""
    states = _without_adoption(definition(flow, "")["States"])
    known = {step.name: step for step in steps(flow)}
    failing = {name: after for name, state in states.items() if (after := _after_any_error(state))}
    undone = {name: after for name, after in failing.items() if after in known and after != RECORD_FAILURE}
    rows = _rows(states, known, failing)
    lines = [f"  {row[0]}{_box(row, states, known)}" for row in rows if row[0] not in undone]
    for undo in dict.fromkeys(undone.values()):
        inside = [f"    {row[0]}{_box(row, states, known)}" for row in rows if undone.get(row[0]) == undo]
        lines += [f'  subgraph {undo}Group [" "]', *inside, "  end", f"  {undo}Group -. any error .-> {undo}"]
    heads = {name: row[0] for row in rows for name in row}
    for row in rows:
        lines += [f"  {row[0]} {arrow} {heads[after]}" for arrow, after in _arrows(states, states[row[-1]])]
    return "\n".join(
        [
            "```mermaid",
            _SETTINGS,
            "flowchart TB",
            *lines,
            "  anywhere([any other error]) -.-> RecordFailure",
            *_COLOURS,
            "```",
        ]
    )


def _without_adoption(states: Mapping[str, State]) -> Mapping[str, State]:
    """The states without those that look at a job until it ends: a wait, what follows it, and the choice before it."""
    waits = {name: str(state["Next"]) for name, state in states.items() if state["Type"] == "Wait"}
    choices = {
        name for name, state in states.items() if waits.keys() & {rule["Next"] for rule in state.get("Choices", [])}
    }
    return {name: state for name, state in states.items() if name not in {*waits, *waits.values(), *choices}}


def _after_any_error(state: State) -> str:
    return next((str(rule["Next"]) for rule in state.get("Catch", []) if rule["ErrorEquals"] == _ANY), "")


def _rows(states: Mapping[str, State], known: Mapping[str, Step], failing: Mapping[str, str]) -> list[list[str]]:
    """The states in boxes: calls of AWS that follow each other, and that nothing else leads to, are in one."""
    before: dict[str, list[str]] = {}
    for name, state in states.items():
        for _, after in _arrows(states, state):
            before.setdefault(after, []).append(name)
    rows: list[list[str]] = []
    for name in states:
        last = rows[-1][-1] if rows else ""
        alike = _is_call(known, name) and _is_call(known, last) and failing.get(name) == failing.get(last)
        if alike and before.get(name) == [last]:
            rows[-1].append(name)
        else:
            rows.append([name])
    return rows


def _is_call(known: Mapping[str, Step], name: str) -> bool:
    return name in known and not known[name].handler and not known[name].job


def _arrows(states: Mapping[str, State], state: State) -> Iterator[tuple[str, str]]:
    """The arrows to the next states: plain ones, those of a choice, and of an error that a choice looks at."""
    if "Next" in state:
        yield "-->", str(state["Next"])
    if state["Type"] == "Choice":
        rules = state["Choices"]
        if len(rules) == 1:
            yield "-- yes -->", str(rules[0]["Next"])
        yield "-- no -->" if len(rules) == 1 else "-->", str(state["Default"])
    after = _after_any_error(state)
    if after and states[after]["Type"] == "Choice":
        yield "-. error .->", after


def _box(row: list[str], states: Mapping[str, State], known: Mapping[str, Step]) -> str:
    name, state = row[0], states[row[0]]
    if state["Type"] == "Choice" and len(state["Choices"]) == 1:
        condition = str(state["Choices"][0]["Condition"]).strip("{% }").replace("$plan.", "").replace("$", "")
        return '{{"' + condition.replace("'", "") + '"}}'
    if name == START:
        points = ", ".join(str(rule["Next"]) for rule in state["Choices"])
        return f'(["<b>Start</b><br/>or, for a run that is taken up,<br/>{points}"])'
    if state["Type"] in ("Pass", "Succeed", "Fail"):
        return f'(["{name}"])'
    services = dict.fromkeys(_service(known[each]) for each in row if each in known) or {"Lambda record_failure": None}
    text = "<br/>".join([*(f"<b>{each}</b>" for each in row), ", ".join(services)])
    return f'["{text}"]:::{_kind(known, name)}'


def _service(step: Step) -> str:
    if step.job:
        return f"{step.job.kind} job"
    waits = ", and waits" if step.resource.endswith(".waitForTaskToken") else ""
    return f"Lambda {step.handler}{waits}" if step.handler else step.resource.split(":")[-2]


def _kind(known: Mapping[str, Step], name: str) -> str:
    if name not in known:
        return "failure"
    return "job" if known[name].job else "lambda" if known[name].handler else "service"
