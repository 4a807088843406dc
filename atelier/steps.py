"""The client's core does no input or output: an operation is a generator of steps, and a driver takes each and sends back what came of it.

So every operation is written once, for blocking and for asynchronous code, and tests play the network and the clock.
What goes wrong with a step, and an interruption too, is raised in the generator where it stands.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class HttpCall:
    """One request. ``address`` is a path of the API, ``/v1/…``, which is asked with the key, or an absolute one, which is not.

    ``content`` may be a file, which is sent as it is read; ``sent`` hears of every part of it, in bytes.
    """

    method: str
    address: str
    body: object = None
    content: bytes | Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: Callable[[int], None] | None = None

    @property
    def name(self) -> str:
        """What errors call it: without what signs an address."""
        return f"{self.method} {self.address.partition('?')[0]}"


@dataclass(frozen=True, kw_only=True)
class HttpReply:
    """An answer; names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Pause:
    """Nothing, for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class ReadClock:
    """What time it is, in seconds of a clock that is never set."""


@dataclass(frozen=True)
class Together:
    """Several operations, a few of them at once; the first error ends all."""

    operations: Sequence["Steps[Any]"]


Step: TypeAlias = HttpCall | Pause | ReadClock | Together
Steps: TypeAlias = Generator[Step, Any, T]
"""An operation, which returns a ``T``."""


def exchange(call: HttpCall) -> Steps[HttpReply]:
    """The answer to one request, whatever it is. Raises UnreachableError."""
    reply: HttpReply = yield call
    return reply


def pause(seconds: float) -> Steps[None]:
    """Wait."""
    yield Pause(seconds)


def clock() -> Steps[float]:
    """The time in seconds."""
    seconds: float = yield ReadClock()
    return seconds


def together(operations: Sequence[Steps[T]]) -> Steps[list[T]]:
    """What each operation returns, in their order."""
    results: list[T] = yield Together(operations)
    return results
