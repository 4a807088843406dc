"""The services of the local cloud, put together.

ministack reads its environment when it is imported, so this module is imported after that is set.
"""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hypercorn.typing import ASGIFramework

from local.autoscaling import ApplicationAutoScaling
from local.clock import TurnedClock
from local.clock_door import clock_door
from local.cloudwatch.alarms import Alarms
from local.durable import Durable
from local.faults import Faults
from local.lambdas.events import EventQueue
from local.lifecycle import expire
from local.page_door import page_door
from local.sagemaker.backend import Backend
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.scaled_changes import has_variant
from local.scaling.scaler import Scaler
from local.scaling.variants import fleets_of
from local.seams import (
    asynchronous,
    cloudformation,
    deliveries,
    distributed_map,
    distributions,
    events,
    fault_door,
    function_clock,
    function_logs,
    functions,
    gateway,
    kept,
    keys,
    listed_names,
    metrics,
    page_origin,
    registry,
    roles,
    services,
    states,
    workers,
)
from local.servers_door import servers_door
from local.service_quotas import ServiceQuotas

_LOG = logging.getLogger("local.composition")


@dataclass(frozen=True, kw_only=True)
class Composition:
    """The application that answers for all services; what is to be called when it answers, and when it has answered the last request."""

    app: ASGIFramework
    resume: Callable[[], None]
    close: Callable[[], None]


def build(run_dir: Path, port: int, account: str, region: str, environment: dict[str, str]) -> Composition:
    """The services, as they were when the server ended. Container processes inherit ``environment``."""
    backend = Backend(
        account=account,
        region=region,
        url=f"http://127.0.0.1:{port}",
        run_dir=run_dir,
        environment=environment,
        role_credentials=lambda role: roles.sagemaker_session(role, account, region),
        role_may=lambda need, role: roles.may(need, role, region),
        publish=events.publisher(),
        faults=Faults(run_dir),
        durable=Durable(run_dir / "state"),
    )
    clock, store = TurnedClock(), metrics.MetricStore()
    autoscaling = ApplicationAutoScaling(
        account=account,
        region=region,
        variant_exists=lambda e, v: has_variant(sagemaker.store, e, v),
        scaler=Scaler(fleets_of(lambda: sagemaker.endpoints), clock),
        alarms=store,
        clock=clock,
        durable=backend.durable,
    )
    sagemaker = ControlPlane(backend, autoscaling, clock, store.put)
    clock.every_minute(Alarms(store, clock, autoscaling.set_off).evaluate)  # after the endpoints have published theirs
    queue = _install(backend, sagemaker, autoscaling)
    keeper = kept.Keeper(run_dir, backend.durable, also=sagemaker.store.save)
    keeper.install()

    def resume() -> None:
        remove = functools.partial(expire, backend.root("s3"), datetime.now(UTC))
        for step in (autoscaling.resume, sagemaker.resume, queue.resume, keeper.resume, remove):
            try:
                step()
            except Exception:  # noqa: BLE001  what one cannot take up again must not keep the others from it
                _LOG.exception("not everything goes on")

    application = clock_door(fault_door.fault_door(services.application(), backend.faults), clock.turn)
    pages = distributions.Distributions(account=account, region=region, port=port)
    pages.install()
    page_origin.install()
    app = page_door(servers_door(application, sagemaker.endpoints.servers), pages)
    return Composition(app=app, resume=resume, close=keeper.close)


def _install(backend: Backend, sagemaker: ControlPlane, autoscaling: ApplicationAutoScaling) -> EventQueue:
    """Put ours in ministack's place, and mend what of it is kinder than AWS; the queue of what functions are still to do."""
    metrics.install()
    roles.count_loopback_as_tls()
    roles.name_denied_resources()
    keys.install()
    functions.install()
    function_logs.install()
    function_clock.install(backend.faults.clock)
    queue = asynchronous.install(backend.durable.table("lambda-events"), workers.install(backend.faults))
    gateway.install()
    deliveries.install(backend.faults)  # it guards and disturbs what these have put in place
    listed_names.install()
    registry.install(sagemaker.images.expect)
    services.install(
        sagemaker, autoscaling, ServiceQuotas(account=backend.account, region=backend.region, faults=backend.faults)
    )
    cloudformation.install(sagemaker, autoscaling, backend.root)
    states.install(sagemaker, backend.root, backend.faults)
    distributed_map.install(sagemaker, backend.root)
    return queue
