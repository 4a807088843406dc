"""The order of steps: a flow is a sequence of steps, branches and requirements, and becomes a definition in Amazon States Language."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar, Protocol

from infra.components.workflow.step import RECORD_FAILURE, SUCCEED, Step, failure


@dataclass(frozen=True, kw_only=True)
class Branch:
    """If ``when`` (JSONata) is true, the flow takes ``then``, else ``otherwise``; both continue with what follows the branch."""

    name: str
    when: str
    then: "Flow" = ()
    otherwise: "Flow" = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of both sides."""
        return (*steps(self.then), *steps(self.otherwise))

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """The choice, then the states of both sides."""
        rule = {"Condition": f"{{% {self.when} %}}", "Next": first(self.then, after)}
        choice = {"Type": "Choice", "Choices": [rule], "Default": first(self.otherwise, after)}
        return {self.name: choice, **states(self.then, after), **states(self.otherwise, after)}


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """The run continues if ``when`` (JSONata) is true; else ``step`` has failed with ``error`` and the text ``cause`` (JSONata)."""

    name: str
    when: str
    step: str
    error: str
    cause: str

    steps: ClassVar[tuple[Step, ...]] = ()

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """The choice. Its own Assign applies only when its default is taken."""
        rule = {"Condition": f"{{% {self.when} %}}", "Next": after}
        record = failure(self.step, f"'{self.error}'", self.cause)
        choice = {"Type": "Choice", "Choices": [rule], "Assign": {"failure": record}, "Default": RECORD_FAILURE}
        return {self.name: choice}


@dataclass(frozen=True, kw_only=True)
class EarlyEnd:
    """The run has succeeded after ``step`` if ``when`` (JSONata) is true, and state ``ends`` says the ``outcome`` (JSONata)."""

    name: str
    when: str
    step: str
    ends: str
    outcome: str

    steps: ClassVar[tuple[Step, ...]] = ()

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """The choice, and the end."""
        rule = {"Condition": f"{{% {self.when} %}}", "Next": self.ends}
        return {
            self.name: {"Type": "Choice", "Choices": [rule], "Default": after},
            self.ends: {"Type": "Pass", "Output": f"{{% {self.outcome} %}}", "Next": SUCCEED},
        }


@dataclass(frozen=True, kw_only=True)
class Exit:
    """If ``when`` (JSONata) is true, the run ends in success after ``then``; else it continues."""

    name: str
    when: str
    then: "Flow"

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps before such an end."""
        return steps(self.then)

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """The choice, then the states before the end."""
        rule = {"Condition": f"{{% {self.when} %}}", "Next": first(self.then, SUCCEED)}
        return {self.name: {"Type": "Choice", "Choices": [rule], "Default": after}, **states(self.then, SUCCEED)}


@dataclass(frozen=True, kw_only=True)
class Undoable:
    """A flow. If it fails, ``undo`` runs before the failure is recorded; if that fails too, the record says so under ``undo``."""

    flow: "Flow"
    undo: Step

    @property
    def name(self) -> str:
        """The name of its first state."""
        return self.flow[0].name

    @property
    def steps(self) -> tuple[Step, ...]:
        """The flow's steps, and the one that undoes them."""
        return (*steps(self.flow), self.undo)

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """The flow's states, and that of ``undo``."""
        undo = self.undo.states(RECORD_FAILURE)[self.undo.name]
        reason = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"
        both = f"{{% $merge([$failure, {{'undo': '{self.undo.name}: ' & {reason}}}]) %}}"
        undo["Catch"] = [{"ErrorEquals": ["States.ALL"], "Assign": {"failure": both}, "Next": RECORD_FAILURE}]
        own = {name: self._redirected(state) for name, state in states(self.flow, after).items()}
        return {**own, self.undo.name: undo}

    def _redirected(self, state: dict[str, Any]) -> dict[str, Any]:
        """The state, whose failure goes to ``undo``."""
        to = {RECORD_FAILURE: self.undo.name}
        exits: dict[str, Any] = {key: to.get(state[key], state[key]) for key in ("Next", "Default") if key in state}
        rules: dict[str, Any] = {
            key: [{**rule, "Next": to.get(rule["Next"], rule["Next"])} for rule in state[key]]
            for key in ("Catch", "Choices")
            if key in state
        }
        return {**state, **exits, **rules}


class FlowPart(Protocol):
    """A part of a flow: a step, or what puts several in order."""

    @property
    def name(self) -> str:
        """The name of its first state."""
        ...

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps, in the order written."""
        ...

    def states(self, after: str) -> dict[str, dict[str, Any]]:
        """Its states; it continues with ``after``."""
        ...


Flow = Sequence[FlowPart]


def steps(flow: Flow) -> tuple[Step, ...]:
    """Every step, in the order written."""
    return tuple(step for item in flow for step in item.steps)


def first(flow: Flow, after: str) -> str:
    """The name of the state that a flow begins with; ``after`` where it is empty."""
    return flow[0].name if flow else after


def states(flow: Flow, after: str) -> dict[str, dict[str, Any]]:
    """The states of a flow that continues with ``after``."""
    following = [*(item.name for item in flow[1:]), after]
    return dict(chain.from_iterable(item.states(name).items() for item, name in zip(flow, following, strict=False)))
