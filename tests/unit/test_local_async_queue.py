"""The queue of asynchronous requests: its order, and what the next process finds of it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from local.clock import TurnedClock
from local.durable import Durable
from local.sagemaker.async_queue import Item, RequestQueue
from local.sagemaker.async_requests import AsyncRequest

Start = Callable[[], RequestQueue]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start the queue of one folder, as each process of a local cloud does."""
    return lambda: RequestQueue(Durable(tmp_path).table("AsyncRequests"), TurnedClock())


def add(queue: RequestQueue, name: str, endpoint: str = "live", **params: object) -> AsyncRequest:
    """Queue a request."""
    request = AsyncRequest.new(
        {"EndpointName": endpoint, "InferenceId": name, "Body": name.encode(), **params}, {"S3OutputPath": "s3://b/o/"}
    )
    queue.add(request)
    return request


def taken(queue: RequestQueue, endpoint: str = "live") -> list[str]:
    """Everything that waits for an endpoint, in the order in which it is handed out."""
    items = iter(lambda: queue.take(endpoint), None)
    return [item.request.inference_id for item in items]


def take(queue: RequestQueue) -> Item:
    """The first one."""
    item = queue.take("live")
    assert item
    return item


def tell(queue: RequestQueue, item: Item) -> None:
    """End a request, and let the time pass in which that might be lost."""
    queue.finish(item, {})
    queue.told(item)
    queue.forget_told(seconds=0)


def test_what_is_given_back_comes_before_what_came_later_whoever_gives_back_first(start: Start) -> None:
    queue = start()
    for name in "abcde":
        add(queue, name)
    first, second, _ = take(queue), take(queue), take(queue)

    queue.give_back(first)
    queue.give_back(second)

    assert taken(queue) == ["a", "b", "d", "e"]


def test_what_waited_or_was_handed_out_waits_in_its_order_in_the_next_process(start: Start) -> None:
    before = start()
    requests = [add(before, name) for name in "abcd"]
    add(before, "x", endpoint="other")
    tell(before, take(before))
    take(before)

    after = start()

    (first, *_) = after.unfinished("live")
    assert first.request == requests[1]
    assert taken(after) == ["b", "c", "d"]
    add(after, "e")
    assert (taken(after), taken(after, "other")) == (["e"], ["x"])
    assert after.take_untold() == []


def test_an_end_that_was_not_told_is_told_by_the_next_process_and_not_by_the_one_after_it(start: Start) -> None:
    before = start()
    add(before, "a")
    before.finish(take(before), {"invocationStatus": "Completed"})

    after = start()

    (item,) = after.take_untold()
    assert (item.request.inference_id, item.request.message) == ("a", {"invocationStatus": "Completed"})
    assert taken(after) == []
    after.told(item)
    after.forget_told()
    assert [item.request.inference_id for item in start().take_untold()] == [
        "a"
    ]  # the message may be lost with the process
    after.forget_told(seconds=0)
    assert start().take_untold() == []


def test_the_time_in_which_no_process_ran_counts_as_waiting(start: Start) -> None:
    queue = start()
    request = add(queue, "a", RequestTTLSeconds=60)
    request.received -= timedelta(seconds=61)
    queue.add(request)  # once more, as if it had come a minute ago

    assert [item.request.inference_id for item in start().take_expired("live")] == ["a"]


def test_a_request_expires_behind_one_that_may_wait_longer(start: Start) -> None:
    queue = start()
    add(queue, "patient", RequestTTLSeconds=3_600)
    add(queue, "hasty", RequestTTLSeconds=60)
    queue._clock.turn(2)

    assert [item.request.inference_id for item in queue.take_expired("live")] == ["hasty"]
    assert taken(queue) == ["patient"]


def test_the_queue_of_a_deleted_endpoint_is_forgotten(start: Start) -> None:
    queue = start()
    add(queue, "a")

    queue.drop("live")

    assert (queue.endpoints(), start().endpoints()) == ([], [])
