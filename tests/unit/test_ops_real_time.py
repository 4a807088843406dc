"""A real-time endpoint is asked: its answers are written and told as SageMaker does of asynchronous ones, and read by the same code."""

import contextlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from atelier_ops.errors import EndpointUnavailableError
from atelier_ops.gateways.real_time import EndpointRefusedError, RealTimeEndpoints
from atelier_ops.logic.model_answer import ModelError, read_answer
from atelier_ops.logic.notification import Outcome, read_outcome
from atelier_ops.logic.real_time import BUSY, LONGEST_BUSY, EndpointCall, EndpointCalling, carry_out
from tests.unit.ops_fakes import MemoryBuckets, MemoryTopic

EVENT = {
    "endpoint": "shared",
    "inference_id": "1",
    "request": "s3://media/requests/1.json",
    "output": "s3://media/responses/a.out",
    "failure": "s3://media/failures/a-error.out",
}
BUSY_NOW = EndpointUnavailableError("endpoint shared takes no request now")
BROKEN = EndpointRefusedError(
    "Received server error (500) from AllTraffic", '{"error": {"type": "InternalError", "message": "x"}}'
)
WRONG = EndpointRefusedError(
    "Received client error (400) from AllTraffic", '{"error": {"type": "InvalidInputError", "message": "y"}}'
)
SLOW = EndpointRefusedError(
    'ClientError: Received server error (0) from AllTraffic with message "Your invocation timed out"'
)


@dataclass
class Endpoints(RealTimeEndpoints):
    """Answers, or refuses, as ``says`` tells; the last for ever."""

    says: Sequence[bytes | Exception]
    asked: list[bytes] = field(default_factory=list)

    def ask(self, endpoint: str, body: bytes, inference_id: str) -> bytes:
        assert (endpoint, inference_id) == ("shared", "1")
        said = self.says[min(len(self.asked), len(self.says) - 1)]
        self.asked.append(body)
        if isinstance(said, Exception):
            raise said
        return said


@dataclass
class World:
    """One request, whose time passes where somebody pauses."""

    endpoints: Endpoints
    buckets: MemoryBuckets = field(default_factory=MemoryBuckets)
    success: MemoryTopic = field(default_factory=MemoryTopic)
    error: MemoryTopic = field(default_factory=MemoryTopic)
    pauses: list[float] = field(default_factory=list)
    dropped_after: int | None = None

    def __post_init__(self) -> None:
        self.buckets.put("media", "requests/1.json", b"{}")

    def run(self, more: Mapping[str, str] | None = None) -> str:
        return carry_out(
            EndpointCall.of({**EVENT, **(more or {})}),
            EndpointCalling(
                media=self.buckets.store("media"),
                endpoints=self.endpoints,
                success=self.success,
                error=self.error,
                clock=lambda: sum(self.pauses),
                pause=self.pause,
            ),
        )

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == self.dropped_after:
            self.buckets.drop("media", "requests/1.json")

    def told(self) -> Outcome:
        """What whoever hears the one notification reads."""
        ((_, message),) = self.success.sent + self.error.sent
        outcome = read_outcome(message)
        assert outcome.succeeded == bool(self.success.sent)
        return outcome

    def failure(self) -> ModelError:
        """What whoever reads the answer is told."""
        with pytest.raises(ModelError) as caught:
            read_answer(self.told(), self.buckets.store("media"))
        return caught.value


def test_an_answer_is_written_and_told_as_of_an_asynchronous_endpoint() -> None:
    world = World(Endpoints([b'{"images": []}']))
    assert world.run() == "1: answered"
    assert read_answer(world.told(), world.buckets.store("media"))[0] == b'{"images": []}'
    assert world.told().inference_id == "1"


@pytest.mark.parametrize(("refused", "of_server", "words"), [
    (BROKEN, True, "InternalError: x"), (WRONG, False, "InvalidInputError: y"), (SLOW, False, "timed out"),
])  # fmt: skip
def test_a_refusal_is_told_with_whose_fault_it_is(refused: EndpointRefusedError, of_server: bool, words: str) -> None:
    world = World(Endpoints([refused]))
    assert world.run() == "1: refused"
    error = world.failure()
    assert error.of_server is of_server
    assert words in str(error)


def test_a_busy_endpoint_is_asked_again_with_growing_pauses() -> None:
    world = World(Endpoints([BUSY_NOW, BUSY_NOW, BUSY_NOW, b"{}"]))
    assert world.run() == "1: answered"
    assert world.pauses == [1, 2, 4]


def test_an_endpoint_that_stays_busy_is_at_fault_itself_before_the_function_runs_out_of_time() -> None:
    world = World(Endpoints([BUSY_NOW]))
    assert world.run() == "1: refused"
    assert sum(world.pauses) < LONGEST_BUSY + 16
    assert world.failure().of_server
    assert BUSY in str(world.failure())


def test_a_request_that_was_dropped_meanwhile_is_not_asked_again() -> None:
    world = World(Endpoints([BUSY_NOW, b"{}"]), dropped_after=1)
    assert world.run() == "1: nobody waits for it"
    assert len(world.endpoints.asked) == 1
    assert not world.success.sent + world.error.sent


def test_what_was_answered_and_perhaps_not_told_is_told_again_and_not_painted_again() -> None:
    world = World(Endpoints([b"{}"]))
    world.run()
    world.success.sent.clear()
    assert world.run() == "1: answered"
    assert len(world.endpoints.asked) == 1
    assert world.told().output is not None


class DiedError(BaseException):
    """The function ends here, as where its time or memory does."""


@pytest.mark.parametrize("refused", [False, True])
def test_wherever_the_function_dies_the_event_that_comes_again_is_told(refused: bool) -> None:
    calls = [(Endpoints, "ask"), (MemoryBuckets, "put"), (MemoryTopic, "publish")]
    for (owner, name), after in itertools.product(calls, (False, True)):
        world = World(Endpoints([WRONG if refused else b"{}"]))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, name, dying(getattr(owner, name), after=after))
            with pytest.raises(DiedError):
                world.run()
        world.run()
        # Of one that died after it had told, it is told twice, which changes nothing.
        told = [read_outcome(message) for _, message in world.success.sent + world.error.sent]
        assert {each.succeeded for each in told} == {not refused}


def dying(call: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """The same, but the function dies before or after it."""

    def died(*args: Any, **options: Any) -> Any:
        if after:
            with contextlib.suppress(Exception):
                call(*args, **options)
        raise DiedError

    return died


def test_a_body_that_comes_with_the_event_is_read_nowhere() -> None:
    world = World(Endpoints([b"{}"]))
    world.buckets.drop("media", "requests/1.json")
    assert world.run({"body": '{"seed": 0}'}) == "1: answered"
    assert world.endpoints.asked == [b'{"seed": 0}']


def test_a_notification_holds_nothing_of_the_request() -> None:
    world = World(Endpoints([b"{}"]))
    world.buckets.put("media", "requests/1.json", b'{"prompt": "a secret coat"}')
    world.run()
    assert "secret" not in json.dumps(world.success.sent)
