"""A state machine is played through as Step Functions would: expressions are evaluated, services answer as they are told to."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.gate.machines import variables as machine_variables
from infra.gate.values import compiled

_MOST_STATES = 200
Variables = Mapping[str, Any]


class PlayError(Exception):
    """An expression has no value, or the machine goes on to no state, in a run that is otherwise good."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(f"state {state}: {reason}")
        self.state, self.reason = state, reason


@dataclass(frozen=True, kw_only=True)
class ErrorAnswer:
    """What a service answers that fails."""

    error: str
    cause: str = "why"


Answer = Callable[[str, Mapping[str, Any], Any], Any]
"""What the task of this name answers: its name, the state, and the evaluated arguments."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A state that was entered: its evaluated arguments, and the variables that it found."""

    state: str
    kind: str
    arguments: Any
    variables: Variables
    input: Any


@dataclass(kw_only=True)
class PlayedRun:
    """What happened, to the end: ``end`` is the last state, ``outcome`` its output, or error and cause."""

    visits: list[Visit] = field(default_factory=list)
    end: str = ""
    outcome: Any = None

    @property
    def names(self) -> list[str]:
        """The states in the order in which they were entered."""
        return [visit.state for visit in self.visits]

    @property
    def tasks(self) -> list[str]:
        """Those that called something."""
        return [visit.state for visit in self.visits if visit.kind == "Task"]

    def visit(self, state: str) -> Visit | None:
        """The first visit of a state."""
        return next((visit for visit in self.visits if visit.state == state), None)


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """``context`` is ``$states.context``."""

    states: Mapping[str, Mapping[str, Any]]
    context: Mapping[str, Any]

    def run(
        self, start: str, answer: Answer, *, variables: Variables | None = None, given: Any = None, until: str = ""
    ) -> PlayedRun:
        """From ``start`` to the end, or until a state is reached. Raises PlayError."""
        run, name, known, found = PlayedRun(), start, dict(variables or {}), given
        while name and name != until:
            state = self.states.get(name)
            if state is None:
                raise PlayError(run.names[-1] if run.names else name, f"it goes on to {name}, which is no state")
            if len(run.visits) > _MOST_STATES:
                raise PlayError(name, "the run never ends")
            run.end = name
            name, known, found = self._step(run, name, state, known, found, answer)
        run.outcome = found
        return run

    def _step(
        self, run: PlayedRun, name: str, state: Mapping[str, Any], known: dict[str, Any], given: Any, answer: Answer
    ) -> tuple[str, dict[str, Any], Any]:
        """Where the run goes on, with which variables and what as its input."""
        kind, scope = str(state.get("Type")), {"input": given, "context": self.context}
        arguments = self._value(name, state.get("Arguments"), known, scope) if kind == "Task" else None
        run.visits.append(Visit(state=name, kind=kind, arguments=arguments, variables=known, input=given))
        if kind == "Choice":
            return self._chosen(name, state, known, given, scope)
        if kind == "Fail":
            return "", known, {key: self._value(name, state.get(key), known, scope) for key in ("Error", "Cause")}
        if kind == "Task":
            result = answer(name, state, arguments)
            if isinstance(result, ErrorAnswer):
                return self._caught(name, state, known, scope, result)
            scope = {**scope, "result": result}
        else:
            result = given
        output = self._value(name, state["Output"], known, scope) if "Output" in state else result
        after = known | self._assigned(name, state.get("Assign", {}), known, scope)
        return str(state.get("Next", "")), after, output

    def _chosen(
        self, name: str, state: Mapping[str, Any], known: dict[str, Any], given: Any, scope: Mapping[str, Any]
    ) -> tuple[str, dict[str, Any], Any]:
        for rule in state.get("Choices", []):
            if self._value(name, rule.get("Condition"), known, scope) is True:
                return (
                    str(rule.get("Next", "")),
                    known | self._assigned(name, rule.get("Assign", {}), known, scope),
                    given,
                )
        return str(state.get("Default", "")), known | self._assigned(name, state.get("Assign", {}), known, scope), given

    def _caught(
        self, name: str, state: Mapping[str, Any], known: dict[str, Any], scope: Mapping[str, Any], failure: ErrorAnswer
    ) -> tuple[str, dict[str, Any], Any]:
        output = {"Error": failure.error, "Cause": failure.cause}
        for rule in state.get("Catch", []):
            if {failure.error, "States.ALL"} & set(rule.get("ErrorEquals", [])):
                inner = {**scope, "errorOutput": output}
                return (
                    str(rule.get("Next", "")),
                    known | self._assigned(name, rule.get("Assign", {}), known, inner),
                    output,
                )
        return "", known, output

    def _assigned(
        self, name: str, assign: Mapping[str, Any], known: Variables, scope: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {key: self._value(name, value, known, scope) for key, value in assign.items()}

    def _value(self, name: str, node: Any, known: Variables, scope: Mapping[str, Any]) -> Any:
        """``node`` with every expression replaced by its value."""
        if isinstance(node, Mapping):
            return {key: self._value(name, value, known, scope) for key, value in node.items()}
        if isinstance(node, list):
            return [self._value(name, value, known, scope) for value in node]
        if not isinstance(node, str) or not node.startswith("{%"):
            return node
        expression = node[2:].removesuffix("%}").strip()
        found = _evaluated(name, expression, {**known, "states": scope})
        if found is None:
            raise PlayError(name, f"{expression} has no value")
        return found


def _evaluated(name: str, expression: str, values: Variables) -> Any:
    unknown = sorted(machine_variables(expression) - set(values))
    if unknown:
        raise PlayError(name, f"{expression} reads {', '.join(unknown)}, which nothing has assigned")
    try:
        code = compiled(expression)
        for key, value in values.items():
            code.assign(key, value)
        found = code.evaluate(None)
    except Exception as error:
        raise PlayError(name, f"{expression} cannot be evaluated: {error}") from error
    return plain(found)


def plain(value: Any) -> Any:
    """JSONata's lists and objects as Python's own, so that equal ones are equal."""
    return None if value is None else json.loads(json.dumps(value, default=str))


def subsequence(wanted: Sequence[str], got: Sequence[str]) -> int:
    """How many of ``wanted`` are found in ``got`` in this order, others between."""
    found = 0
    for each in got:
        if found < len(wanted) and each == wanted[found]:
            found += 1
    return found
