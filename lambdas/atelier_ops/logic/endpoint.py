"""The dedicated endpoint of a full fine-tune's version: making it, removing it, and what its state means for the run that waits."""

from collections.abc import Mapping
from typing import Any

from atelier_ops.errors import EndpointBusyError, NameCollisionError
from atelier_ops.gateways.endpoints import Endpoints, EndpointState
from atelier_ops.gateways.records import WAITING, Record, Records
from atelier_ops.gateways.workflow import Tokens
from contracts.hosting import VARIANT, Hosting, alarm_names

LONGEST_DEPLOYMENT = 2 * 86_400
"""Seconds the record of a waiting run is kept."""

UNDER_WAY = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}
"""States in which SageMaker refuses every change."""

IN_SERVICE = "InService"
FAILED = "EndpointFailed"


def make_endpoint(name: str, task: str, uri: str, hosting: Hosting, endpoints: Endpoints) -> None:
    """Create the endpoint that serves the weights below ``uri``, trained for ``task``; its model and configuration are called as it is.

    All three get the stage's tags. Repeatable: what is there already and the same is left alone.

    Raises NameCollisionError, EndpointBusyError, QuotaExceeded.
    """
    model = {"ModelName": name, **hosting.version_model(task, uri)}
    config = {"EndpointConfigName": name, **hosting.endpoint_config(name)}
    _check_same(model, endpoints.make_model(model, hosting.tags))
    _check_same(config, endpoints.make_config(config, hosting.tags))
    state = endpoints.state(name)
    if state is None:
        endpoints.create(name, hosting.tags)
    elif state.status == "Deleting":
        raise EndpointBusyError(f"endpoint {name}: got Deleting; allowed: InService")
    elif state.status not in {IN_SERVICE, *UNDER_WAY}:
        # SageMaker cannot mend such an endpoint, only delete it; the retry of this state then creates it anew.
        endpoints.delete(name)
        raise EndpointBusyError(f"endpoint {name}: was {state.status} ({state.reason}); it is being deleted")


def remove_endpoint(name: str, endpoints: Endpoints) -> None:
    """Remove the endpoint with its scaling, its alarms, its configuration and its model; harmless where there is none.

    Raises EndpointBusyError while SageMaker is still creating it: only then can it be deleted.
    """
    state = endpoints.state(name)
    if state is not None and state.status in UNDER_WAY - {"Deleting"}:
        raise EndpointBusyError(f"endpoint {name}: got {state.status}; allowed: InService or Failed")
    if state is not None and state.status != "Deleting":
        endpoints.drop_scaling(name, VARIANT)
        endpoints.delete(name)
    for alarm in alarm_names(name):
        endpoints.delete_alarm(alarm)
    endpoints.delete_definition(name)


def _check_same(request: Mapping[str, Any], existing: Mapping[str, Any] | None) -> None:
    if existing is not None:
        _compare(next(iter(request.values())), request, existing)


def _compare(where: str, request: Any, existing: Any) -> None:
    """Everything asked for must be there; what SageMaker adds of its own does not matter."""
    if isinstance(request, Mapping) and isinstance(existing, Mapping):
        for key, value in request.items():
            _compare(f"{where}.{key}", value, existing.get(key))
    elif isinstance(request, list) and isinstance(existing, list) and len(request) == len(existing):
        for index, (one, other) in enumerate(zip(request, existing, strict=True)):
            _compare(f"{where}[{index}]", one, other)
    elif request != existing:
        raise NameCollisionError(f"{where}: exists with {existing!r}; asked for {request!r}")


def endpoint_key(name: str) -> str:
    """Where the token of the run that deploys this endpoint lies."""
    return f"endpoint#{name}"


def waiting(name: str, token: str, execution: str, now: int) -> Record:
    """The record that lets an endpoint's event find its run."""
    data = {"token": token, "execution": execution}
    return Record(key=endpoint_key(name), status=WAITING, expires_at=now + LONGEST_DEPLOYMENT, data=data)


def settle_endpoint(name: str, state: EndpointState | None, records: Records, tokens: Tokens) -> str:
    """Let the run that waits for the endpoint go on, or fail; says what it did. Harmless when repeated or late."""
    record = records.get(endpoint_key(name))
    if record is None:
        return f"endpoint {name}: no run waits for it"
    if state is not None and state.status in UNDER_WAY:
        return f"endpoint {name} is {state.status}: still waiting"
    token = record.data["token"]
    if state is not None and state.status == IN_SERVICE:
        reached = tokens.succeed(token, {"variant": state.variant or VARIANT})
    else:
        reached = tokens.fail(token, FAILED, _reason(name, state))
    records.remove(record)
    verdict = "is told" if reached else "no longer waits"
    return f"endpoint {name} is {state.status if state else 'gone'}: run {record.data['execution']} {verdict}"


def _reason(name: str, state: EndpointState | None) -> str:
    if state is None:
        return f"endpoint {name}: deleted before it came into service"
    return f"endpoint {name}: got {state.status}: {state.reason or 'no reason given'}"
