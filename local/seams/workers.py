"""Bounds ministack's Lambda workers: how many there are, how many start at once, how long one may take to start.

On AWS a thousand functions may run at a time, each on a machine of its own; here all share this one, where a start costs a second or
two of a core. Without bounds a crowd of callers starts so many that none is ready in time, all are killed, and the next callers
start them again. A caller waits for a place, in order, for at most ``LONGEST_WAIT`` seconds; after that he is throttled, as AWS does at
once where its own limits are reached: reserved concurrency, and the account's quota.
The time limit of a function counts from the call of its handler, as there. A worker that was killed or broke is replaced by the next call.
"""

import contextvars
import os
import shutil
import threading
import time
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.faults import Faults
from local.lambdas.places import Places
from local.service_quotas import PLENTY

_CORES = os.cpu_count() or 2
MOST = 8 * _CORES
MOST_OF_ONE = MOST // 2
MOST_KEPT = MOST + 32
"""Processes, those that wait for their next call included, of some 70 MB each. A request passes through several functions: were no more
kept than run at a time, each start would end the process that is needed next, and a start takes a second of a core."""

MOST_STARTING = max(2, _CORES)
LONGEST_WAIT = 12.0
"""Seconds. With a start and the handler it stays below the 29 seconds that API Gateway waits."""

INIT_SECONDS = 10.0
"""What Lambda allows the start of a function. One that takes longer is begun anew within the function's own limit; here it goes on, for
at most the sum of both."""

IDLE_SECONDS = 60.0
QUOTA = "Concurrent executions"

holds_place = contextvars.ContextVar("holds_place", default=False)
"""Whether the invocation under way has been given its place already."""


def install(faults: Faults) -> Places:
    """Put the bounds around what ministack does; the places that invocations take."""
    places = Places(MOST, MOST_OF_ONE)
    # The first idle worker of a function stays longer: until its place is needed.
    lambda_runtime._LOCAL_WORKER_TTL = IDLE_SECONDS
    _bound_invocations(places)
    _honour_quota(faults)
    _bound_starts()
    _bound_idle()
    _survive_failures()
    return places


def _bound_invocations(places: Places) -> None:
    dispatch = lambda_svc._execute_function_dispatch

    def dispatch_in_turn(
        func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float
    ) -> dict[str, Any]:
        if holds_place.get():
            result: dict[str, Any] = dispatch(func, config, event, request_id, started)
            return result
        name = config["FunctionArn"]
        if not places.take(name, LONGEST_WAIT):
            lambda_svc._emit_lambda_metrics(config["FunctionName"], duration_ms=0.0, error=False, throttle=True)
            throttled: dict[str, Any] = lambda_svc._throttle_response(
                "ConcurrentInvocationLimitExceeded",
                f"Rate Exceeded: this machine had no place in {LONGEST_WAIT:.0f} s",
            )
            return throttled
        try:
            result = dispatch(func, config, event, request_id, time.time())
            return result
        finally:
            places.give_back(name)

    lambda_svc._execute_function_dispatch = dispatch_in_turn


def _honour_quota(faults: Faults) -> None:
    acquire = lambda_svc._acquire_execution_slot

    def acquire_within_quota(func: dict[str, Any], config: dict[str, Any]) -> Any:
        quota = faults.quota(QUOTA)
        lambda_svc._ACCOUNT_CONCURRENCY_CAP = PLENTY if quota is None else quota
        return acquire(func, config)

    lambda_svc._acquire_execution_slot = acquire_within_quota


def _bound_starts() -> None:
    starting, spawn = Places(MOST_STARTING, MOST_STARTING), lambda_runtime.Worker._spawn

    def spawn_in_turn(self: Any) -> None:
        starting.take("")
        try:
            _spawn_in_time(self, spawn)
        finally:
            starting.give_back("")

    lambda_runtime.Worker._spawn = spawn_in_turn


def _spawn_in_time(worker: Any, spawn: Any) -> None:
    timeout, late = worker.config.get("Timeout", 3), threading.Event()

    def stop() -> None:
        late.set()
        _end(worker)

    timer = threading.Timer(INIT_SECONDS + timeout, stop)
    timer.daemon = True
    timer.start()
    try:
        spawn(worker)
    except Exception as error:
        _end(worker)
        if late.is_set():
            raise RuntimeError(f"Task timed out after {timeout}.00 seconds") from error
        raise
    finally:
        timer.cancel()


def _end(worker: Any) -> None:
    process = worker._proc
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()


def _bound_idle() -> None:
    """End the worker that has been idle longest where a new one would be one too many."""
    acquire = lambda_svc.acquire_worker

    def acquire_within_bound(*args: Any, **kwargs: Any) -> Any:
        worker, how = acquire(*args, **kwargs)
        if how == "spawn":
            lambda_runtime.kill_workers(_too_many())
        return worker, how

    lambda_svc.acquire_worker = acquire_within_bound


def _too_many() -> list[Any]:
    """Idle workers over the bound, which leave their pools."""
    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool]
        idle = sorted((worker for worker in workers if not worker.in_use), key=lambda worker: worker.last_used)
        ended = idle[: max(0, len(workers) - MOST_KEPT)]
        for pool in lambda_runtime._workers.values():
            pool[:] = [worker for worker in pool if worker not in ended]
    return ended


def _survive_failures() -> None:
    """Let a failed start fail its own invocation, where ministack would kill all workers of the function; remove the folder of the dead."""
    invoke = lambda_runtime.Worker.invoke

    def invoke_and_tidy(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            response: dict[str, Any] = invoke(self, *args, **kwargs)
            return response
        except Exception as error:  # noqa: BLE001  whatever stopped the start is this invocation's error
            return {"status": "error", "error": str(error), "log": ""}
        finally:
            if self._proc is None or self._proc.poll() is not None:
                shutil.rmtree(self._tmpdir or "", ignore_errors=True)

    lambda_runtime.Worker.invoke = invoke_and_tidy
