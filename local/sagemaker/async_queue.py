"""The requests of asynchronous endpoints that have not ended: in their order, and kept where they outlive this process."""

import heapq
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from local.clock import TurnedClock
from local.durable import Table
from local.sagemaker.async_requests import AsyncRequest
from local.sagemaker.store import Record, now

TOLD_SECONDS = 10.0
"""How long a message is kept that was sent: what services do for each other is written some seconds later (`seams/kept.py`)."""


@dataclass(order=True, kw_only=True)
class Item:
    """A request in the queue. `number` is its place in the order, `queued` on the clock's monotonic time, in seconds.

    It is `inherited` where an earlier process has left it there, which may have had it answered.
    """

    number: int
    request: AsyncRequest = field(compare=False)
    queued: float = field(compare=False)
    inherited: bool = field(default=False, compare=False)

    @property
    def expires(self) -> float:
        """When it is too late to begin with it, as `queued`."""
        return self.queued + self.request.lifetime

    @property
    def key(self) -> str:
        """Its key in the table."""
        return str(self.number)


class RequestQueue:
    """What waits, what was handed out, and what has ended without being told. Safe to use from many threads.

    A request is in `table` before `add` returns, until its end was told. What an earlier process left there waits again in its old
    order, also what that process had handed out: nobody was told how it ended. `changed` is notified of all that may be handed out.
    """

    def __init__(self, table: Table, clock: TurnedClock) -> None:
        self._table, self._clock = table, clock
        self._waiting: defaultdict[str, list[Item]] = defaultdict(list)
        self._handed_out: defaultdict[str, dict[int, Item]] = defaultdict(dict)
        self._untold: list[Item] = []
        self._told: deque[tuple[float, Item]] = deque()
        self.changed = threading.Condition()
        for key, record in table.items():
            self._restore(int(key), AsyncRequest(**record))
        self._last = max((int(key) for key, _ in table.items()), default=0)

    def add(self, request: AsyncRequest) -> None:
        """Queue a request as the last one. Raises ServiceError (503) where it cannot be kept."""
        with self.changed:
            self._last += 1
            item = Item(number=self._last, request=request, queued=self._clock.monotonic())
            self._table.put(item.key, asdict(request))
            heapq.heappush(self._waiting[request.endpoint], item)
            self.changed.notify_all()

    def endpoints(self) -> list[str]:
        """The names of those for which something waits."""
        with self.changed:
            return [name for name, waiting in self._waiting.items() if waiting]

    def take(self, endpoint: str) -> Item | None:
        """Hand out the first request that waits, if there is one."""
        with self.changed:
            waiting = self._waiting[endpoint]
            return self._hand_out(heapq.heappop(waiting)) if waiting else None

    def take_expired(self, endpoint: str) -> list[Item]:
        """Hand out those that waited for too long."""
        with self.changed:
            waiting, present = self._waiting[endpoint], self._clock.monotonic()
            expired = [item for item in waiting if item.expires <= present]
            if expired:
                self._waiting[endpoint] = [item for item in waiting if item.expires > present]
                heapq.heapify(self._waiting[endpoint])
            return [self._hand_out(item) for item in expired]

    def take_untold(self) -> list[Item]:
        """What had ended in an earlier process, with a message that may not have been sent."""
        with self.changed:
            untold, self._untold = self._untold, []
            return untold

    def give_back(self, item: Item) -> None:
        """Let what was handed out wait again, before everything that came later."""
        with self.changed:
            self._handed_out[item.request.endpoint].pop(item.number)
            heapq.heappush(self._waiting[item.request.endpoint], item)
            self.changed.notify_all()

    def finish(self, item: Item, message: Record) -> None:
        """Keep the message of a request's end until it is told, so that it is sent whatever happens to this process."""
        item.request.message = message
        self._table.put(item.key, asdict(item.request))

    def told(self, item: Item) -> None:
        """The end of a request was told. It is forgotten some seconds later: until then the message might be lost with this process."""
        with self.changed:
            self._handed_out[item.request.endpoint].pop(item.number, None)
            self._told.append((time.monotonic(), item))
            self.changed.notify_all()

    def forget_told(self, seconds: float = TOLD_SECONDS) -> None:
        """Forget what was told so long ago."""
        with self.changed:
            while self._told and self._told[0][0] <= time.monotonic() - seconds:
                self._forget([self._told.popleft()[1]])

    def drop(self, endpoint: str) -> None:
        """Forget what waits for an endpoint that is gone."""
        with self.changed:
            self._forget(self._waiting.pop(endpoint, []))

    def unfinished(self, endpoint: str) -> list[Item]:
        """What waits for an endpoint or is being answered; that an answer is still to be told keeps no server busy."""
        with self.changed:
            under_way = [item for item in self._handed_out[endpoint].values() if not item.request.message]
            return [*under_way, *self._waiting[endpoint]]

    def _restore(self, number: int, request: AsyncRequest) -> None:
        waited = (now() - request.received).total_seconds()
        item = Item(number=number, request=request, queued=self._clock.monotonic() - waited, inherited=True)
        if request.message:
            self._untold.append(item)
        else:
            heapq.heappush(self._waiting[request.endpoint], item)

    def _hand_out(self, item: Item) -> Item:
        self._handed_out[item.request.endpoint][item.number] = item
        return item

    def _forget(self, items: Iterable[Item]) -> None:
        for item in items:
            self._table.remove(item.key)
