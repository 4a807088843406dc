"""The order of steps: a flow is a sequence of steps, branches and requirements, and becomes a definition in Amazon States Language."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, ClassVar

from infra.components.workflow.step import RECORD_FAILURE, Step, failure


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


Flow = Sequence[Step | Branch | Requirement]


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
