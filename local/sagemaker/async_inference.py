"""Asynchronous inference: a queue for each endpoint, processed with bounded concurrency by servers that are healthy."""

import contextlib
import logging
import threading

from local.clock import TurnedClock
from local.durable import Table
from local.errors import ServiceError
from local.sagemaker.async_queue import Item, RequestQueue
from local.sagemaker.async_requests import AsyncRequest
from local.sagemaker.async_work import AsyncWork, Place, ServerGoneError
from local.sagemaker.backend import Backend
from local.sagemaker.endpoints import EndpointService
from local.sagemaker.fleet import Fleet, Variant
from local.sagemaker.metrics import EndpointMetrics, Load
from local.sagemaker.store import Record

TABLE = "AsyncRequests"
"""Where the queue is kept, of the local cloud's durable tables."""

_LOG = logging.getLogger("local.async")
_DEFAULT_CONCURRENCY = 4
_IDLE_SECONDS = 0.2


class AsyncQueues:
    """The queues of all asynchronous endpoints, kept in `table`.

    Each healthy instance answers at most MaxConcurrentInvocationsPerInstance requests at a time; an endpoint without one
    keeps its queue until it has some, or until a request's time to live is over.
    """

    def __init__(
        self, backend: Backend, endpoints: EndpointService, metrics: EndpointMetrics, clock: TurnedClock, table: Table
    ) -> None:
        self._endpoints, self._metrics, self._clock = endpoints, metrics, clock
        self._queue, self._work = RequestQueue(table, clock), AsyncWork(backend, metrics)
        clock.every_minute(self._measure)
        threading.Thread(target=self._dispatch, name="async dispatch", daemon=True).start()

    def put(self, params: Record) -> AsyncRequest:
        """Queue a request. Raises ValidationError where the endpoint is not asynchronous or gets no input."""
        name = params["EndpointName"]
        config = self._endpoints.fleet(name).config.get("AsyncInferenceConfig")
        if config is None:
            raise ServiceError("ValidationError", f"Endpoint {name} does not support InvokeEndpointAsync API.")
        if ("InputLocation" in params) == ("Body" in params):
            raise ServiceError("ValidationError", "Exactly one of InputLocation and Body must be given.")
        request = AsyncRequest.new(params, config["OutputConfig"])
        self._queue.add(request)
        return request

    def resume(self) -> None:
        """Send the notifications that an earlier process owes: once too often rather than never."""
        for item in self._queue.take_untold():
            with contextlib.suppress(ServiceError):  # an endpoint that is gone has nobody to tell
                self._tell(self._endpoints.fleet(item.request.endpoint).variants[0], item)

    def _dispatch(self) -> None:
        while True:
            try:
                self._queue.forget_told()
                for name in self._queue.endpoints():
                    self._hand_out(name)
            except Exception:  # noqa: BLE001  without this thread nothing would be answered any more
                _LOG.exception("async dispatch")
            with self._queue.changed:
                self._queue.changed.wait(_IDLE_SECONDS)

    def _hand_out(self, name: str) -> None:
        """Give an endpoint's waiting requests to servers with room, and end those that waited for too long."""
        if not self._endpoints.exists(name):
            self._queue.drop(name)  # the endpoint was deleted, and its queue with it
            return
        with contextlib.suppress(ServiceError):  # its servers have yet to be started
            fleet = self._endpoints.fleet(name)
            for expired in self._queue.take_expired(name):
                self._begin(Place(variant=fleet.variants[0], server=None), expired)
            while (place := _room(fleet)) and (item := self._queue.take(name)):
                self._begin(place, item)

    def _begin(self, place: Place, item: Item) -> None:
        self._claim(place, 1)
        threading.Thread(target=self._answer, args=(place, item), name=f"async {item.number}", daemon=True).start()

    def _claim(self, place: Place, change: int) -> None:
        with self._queue.changed:
            if place.server:
                place.server.claimed += change

    def _answer(self, place: Place, item: Item) -> None:
        waited = self._clock.monotonic() - item.queued
        try:
            found = self._work.finished_before(item.request) if item.inherited else None
            message = found or self._work.carry_out(place, item.request)
        except ServerGoneError:
            self._claim(place, -1)
            self._queue.give_back(item)
            return
        self._claim(place, -1)
        with contextlib.suppress(ServiceError):  # a full disk: it is told now, and told again after a restart
            self._queue.finish(item, message)
        self._tell(place.variant, item)
        self._metrics.answered(place.variant, waited=waited, took=self._clock.monotonic() - item.queued)

    def _tell(self, variant: Variant, item: Item) -> None:
        self._work.notify(variant, item.request)
        self._queue.told(item)

    def _measure(self) -> None:
        """Publish how each endpoint's queue stands."""
        for name, fleet in self._endpoints.asynchronous():
            there = self._queue.unfinished(name)
            oldest = max((self._clock.monotonic() - item.queued for item in there), default=0.0)
            self._metrics.measure(name, Load(variants=fleet.variants, requests=len(there), oldest_seconds=oldest))


def _room(fleet: Fleet) -> Place | None:
    """The least busy server that may be given one more request, or None."""
    client = fleet.config.get("AsyncInferenceConfig", {}).get("ClientConfig", {})
    limit = client.get("MaxConcurrentInvocationsPerInstance", _DEFAULT_CONCURRENCY)
    places = [Place(variant=variant, server=server) for variant in fleet.variants for server in variant.servers]
    free = {place.server.claimed: place for place in reversed(places) if place.server and place.server.ready}
    return next((free[claimed] for claimed in sorted(free) if claimed < limit), None)
