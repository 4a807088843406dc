"""Endpoints: blue/green deployment of variants, capacity, routing of requests."""

import logging
import threading
from collections.abc import Iterator

from local.autoscaling import ApplicationAutoScaling
from local.clock import TurnedClock
from local.errors import ServiceError, validation_error
from local.sagemaker.alarms import first_alarm
from local.sagemaker.backend import Backend
from local.sagemaker.capacity import Capacity, Machines, variant_machines
from local.sagemaker.endpoint_states import EndpointStates, begin, reason_of
from local.sagemaker.fleet import Fleet, Variant, summary
from local.sagemaker.fleet_book import FleetBook
from local.sagemaker.images import ImageRegistry
from local.sagemaker.scaled_changes import refuse_scaled_change
from local.sagemaker.server_plans import ServerPlan, server_plan
from local.sagemaker.serving import EndpointFailureError, ModelServer
from local.sagemaker.store import Record, RecordStore, now

_LOG = logging.getLogger("local.endpoints")
INSTANCE_SECONDS = 300.0
"""How long, by the clock, an instance that scaling asked for takes to come; people report 5 to 10 minutes."""


class EndpointService:
    """Create, update, scale and delete endpoints, whose variants may be scalable targets of `scaling`."""

    def __init__(
        self,
        backend: Backend,
        store: RecordStore,
        images: ImageRegistry,
        scaling: ApplicationAutoScaling,
        capacity: Capacity,
        clock: TurnedClock,
    ) -> None:
        self._backend, self._store, self._images = backend, store, images
        self._scaling, self._capacity, self._clock = scaling, capacity, clock
        self._starting: dict[str, Record] = {}  # the configuration that each changing endpoint will have
        self.states = EndpointStates(backend, store)
        self._book = FleetBook(backend.durable)
        # Without servers until `resume`, so that requests wait.
        self._fleets = self._book.fleets(store, backend.run_dir)

    def create(self, request: Record) -> Record:
        """CreateEndpoint: Creating now, InService or Failed later."""
        config = self._store.get("EndpointConfig", request["EndpointConfigName"])
        with self._capacity.lock:
            self._capacity.require(*map(variant_machines, config["ProductionVariants"]))
            self._store.require_new("Endpoint", request["EndpointName"])
            # Before the record, which nobody would follow if this could not be written.
            self._book.changes(request["EndpointName"], config=config, deployment={})
            record = self._store.create("Endpoint", request, EndpointStatus="Creating", LastModifiedTime=now())
            self._starting[record["EndpointName"]] = config
        self.states.announce(record)
        begin(self._roll_out, record, config, {})
        return record

    def update(self, request: Record) -> Record:
        """UpdateEndpoint: the old fleet serves until the new one is healthy, and stays if it never is."""
        config = self._store.get("EndpointConfig", request["EndpointConfigName"])
        with self._capacity.lock, self._store.lock:
            record = self._settled(request["EndpointName"])
            refuse_scaled_change(
                record["EndpointName"], self._fleets[record["EndpointName"]].variants, config, self._scaling
            )
            # The new fleet is started beside the old one.
            self._capacity.require(*map(variant_machines, config["ProductionVariants"]))
            deployment = request.get("DeploymentConfig", {})
            self._book.changes(record["EndpointName"], config=config, deployment=deployment)
            record.update(EndpointStatus="Updating", LastModifiedTime=now())
            self._starting[record["EndpointName"]] = config
        self.states.announce(record)
        begin(self._roll_out, record, config, deployment)
        return record

    def resize(self, request: Record) -> Record:
        """UpdateEndpointWeightsAndCapacities, at once; zero instances are allowed for an asynchronous endpoint."""
        record, capacities = self._begin_resize(request)
        begin(self._resize, record, self._fleets[record["EndpointName"]], capacities)
        return record

    def scale(self, name: str, variant: str, count: int) -> None:
        """UpdateEndpointWeightsAndCapacities as Application Auto Scaling calls it: what comes takes a while of the clock."""
        change = {"VariantName": variant, "DesiredInstanceCount": count}
        record, capacities = self._begin_resize({"EndpointName": name, "DesiredWeightsAndCapacities": [change]})
        fleet = self._fleets[name]
        if count > sum(len(v.servers) for v in fleet.variants if v.plan.name == variant):
            self._clock.later(INSTANCE_SECONDS, lambda: self._resize(record, fleet, capacities))
        else:
            self._resize(record, fleet, capacities)

    def desired(self, name: str, variant: str) -> int:
        """How many instances a variant is to have."""
        shown = (self._store.find("Endpoint", name) or {}).get("ProductionVariants", [])
        return next((int(v["DesiredInstanceCount"]) for v in shown if v["VariantName"] == variant), 0)

    def asynchronous(self) -> list[tuple[str, Fleet]]:
        """The asynchronous endpoints that serve, by name."""
        return [(name, fleet) for name, fleet in list(self._fleets.items()) if "AsyncInferenceConfig" in fleet.config]

    def real_time(self) -> list[Fleet]:
        """The endpoints that serve without a queue."""
        return [fleet for fleet in list(self._fleets.values()) if "AsyncInferenceConfig" not in fleet.config]

    def _begin_resize(self, request: Record) -> tuple[Record, dict[str, Record]]:
        """The endpoint, now Updating, and what is wanted of each variant."""
        with self._capacity.lock, self._store.lock:
            record = self._settled(request["EndpointName"])
            fleet = self._fleets[record["EndpointName"]]
            capacities = {w["VariantName"]: w for w in request["DesiredWeightsAndCapacities"]}
            unknown = sorted(set(capacities) - {v.plan.name for v in fleet.variants})
            if unknown:
                raise validation_error(f'Could not find variant "{unknown[0]}" of endpoint "{record["EndpointArn"]}".')
            wanted = {name: change.get("DesiredInstanceCount") for name, change in capacities.items()}
            self._capacity.require(*(variant.growth(wanted.get(variant.plan.name)) for variant in fleet.variants))
            shown = [summary(variant, wanted.get(variant.plan.name)) for variant in fleet.variants]
            self._book.changes(record["EndpointName"], capacities=capacities)
            record.update(EndpointStatus="Updating", LastModifiedTime=now(), ProductionVariants=shown)
        return record, capacities

    def delete(self, name: str) -> None:
        """DeleteEndpoint: the servers stop, scalable targets are deregistered, the record goes."""
        record = self._store.get("Endpoint", name)
        if record["EndpointStatus"] in ("Creating", "Updating"):
            raise validation_error(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
        record["EndpointStatus"] = "Deleting"
        self.states.announce(record)
        self._scaling.forget_endpoint(record["EndpointName"])
        self._store.remove("Endpoint", name)
        self._book.forget(record["EndpointName"])
        fleet = self._fleets.pop(record["EndpointName"], None)
        self.states.notify()
        if fleet:
            threading.Thread(target=fleet.stop, daemon=True).start()

    def resume(self) -> None:
        """Start the servers again that the server's end has taken, and go on with what was changing."""
        for record in self._store.all("Endpoint"):
            if record["EndpointStatus"] == "Deleting":
                self.delete(record["EndpointName"])
            else:
                begin(self._resume, record)

    def _resume(self, record: Record) -> None:
        name = record["EndpointName"]
        fleet, change = self._fleets.get(name), self._book.change(name)
        for variant in fleet.variants if fleet else []:
            variant.start_again(self.desired(name, variant.plan.name), self._new_server)
        if "config" in change:
            self._starting[name] = change["config"]
            self._roll_out(record, change["config"], change["deployment"])
        elif fleet and "capacities" in change:
            self._resize(record, fleet, change["capacities"])

    def machines(self) -> Iterator[Machines]:
        """The instances of all endpoints, those included that are being started."""
        for fleet in list(self._fleets.values()):
            for variant in fleet.variants:
                yield from variant.machines()
        for config in list(self._starting.values()):
            yield from map(variant_machines, config["ProductionVariants"])

    def servers(self) -> list[Record]:
        """How the servers of all endpoints are."""
        fleets = list(self._fleets.values())
        return [server.shown() for fleet in fleets for variant in fleet.variants for server in variant.servers]

    def exists(self, name: str) -> bool:
        """Whether there is an endpoint of that name, in any status."""
        return self._store.find("Endpoint", name) is not None

    def fleet(self, name: str) -> Fleet:
        """The fleet that serves an endpoint. Raises ValidationError where there is none."""
        fleet = self._fleets.get(name)
        if fleet is None:
            raise ServiceError("ValidationError", f"Endpoint {name} of account {self._store.account} not found.")
        return fleet

    def _settled(self, name: str) -> Record:
        record = self._store.get("Endpoint", name)
        if record["EndpointStatus"] not in ("InService", "Failed"):
            raise validation_error(f'Cannot update in-progress endpoint "{record["EndpointArn"]}".')
        if record["EndpointStatus"] == "Failed" and name not in self._fleets:
            raise validation_error(
                f'Cannot update a failed endpoint "{record["EndpointArn"]}"; delete it and create it again.'
            )
        return record

    def _roll_out(self, record: Record, config: Record, deployment: Record) -> None:
        """The thread of a deployment: every end of it settles the endpoint."""
        name, old = record["EndpointName"], self._fleets.get(record["EndpointName"])
        started: list[ModelServer] = []
        try:
            new = Fleet(config=config, variants=[self._start(name, v, started) for v in config["ProductionVariants"]])
            self._fleets[name] = new
            self._starting.pop(name, None)
            raised = first_alarm(self._backend.root("cloudwatch"), deployment) if old else None
            if raised:
                raise EndpointFailureError(
                    f"One or more alarms are in ALARM state: [{raised}]. The endpoint was rolled back to its previous "
                    "configuration.",
                )
        except Exception as error:  # noqa: BLE001  the edge of this thread: an endpoint must settle, also by our mistake
            record["FailureReason"] = reason_of(error)
            self._roll_back(record, old, started)
            return
        if self._store.find("Endpoint", name) is not record:  # deleted meanwhile
            new.stop()
            return
        record.pop("FailureReason", None)
        record.update(
            EndpointConfigName=config["EndpointConfigName"],
            ProductionVariants=[summary(variant) for variant in new.variants],
            AsyncInferenceConfig=config.get("AsyncInferenceConfig"),
        )
        self._book.serves(name, new)
        self._settle(record, "InService")
        if old:
            old.stop(drain=True)

    def _roll_back(self, record: Record, old: Fleet | None, started: list[ModelServer]) -> None:
        """The old fleet serves again, or the endpoint has failed; the new servers finish what they have and stop."""
        if old:
            self._fleets[record["EndpointName"]] = old
        else:
            self._fleets.pop(record["EndpointName"], None)
        for server in started:
            server.stop(drain=True)
        self._settle(record, "InService" if old else "Failed")

    def _start(self, endpoint: str, variant: Record, started: list[ModelServer]) -> Variant:
        plan = server_plan(self._store, endpoint, variant, self._backend.run_dir)
        count, weight = variant.get("InitialInstanceCount", 1), variant.get("InitialVariantWeight", 1.0)
        servers = [self._new_server(plan) for _ in range(count)]
        for server in servers:
            started.append(server)  # before it starts: one that never gets healthy is stopped, too
            server.start()
        return Variant(plan=plan, weight=weight, servers=servers)

    def _resize(self, record: Record, fleet: Fleet, capacities: dict[str, Record]) -> None:
        record.pop("FailureReason", None)
        try:
            for variant in fleet.variants:
                change = capacities.get(variant.plan.name, {})
                variant.weight = change.get("DesiredWeight", variant.weight)
                self._scale(variant, change.get("DesiredInstanceCount", len(variant.servers)))
        except EndpointFailureError as error:
            record["FailureReason"] = str(error)
        record["ProductionVariants"] = [summary(variant) for variant in fleet.variants]
        self._settle(record, "InService")

    def _scale(self, variant: Variant, count: int) -> None:
        variant.scale(count, self._new_server)

    def _new_server(self, plan: ServerPlan) -> ModelServer:
        return ModelServer(self._backend, self._images, plan)

    def _settle(self, record: Record, status: str) -> None:
        self._starting.pop(record["EndpointName"], None)
        self.states.settle(record, status)
        self._book.settled(record["EndpointName"])
