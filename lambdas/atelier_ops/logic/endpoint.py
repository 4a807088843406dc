"""The dedicated endpoint of a full fine-tune: what to ask SageMaker for, and what its state means for the run that waits."""

from collections.abc import Mapping
from typing import Any

from atelier_ops.errors import EndpointBusyError, NameCollisionError
from atelier_ops.gateways.endpoints import Endpoints, EndpointState
from atelier_ops.gateways.records import Record, Records
from atelier_ops.gateways.workflow import Tokens
from atelier_ops.logic.names import bounded
from contracts.hosting import VARIANT, Hosting

LONGEST_DEPLOYMENT = 2 * 86_400
"""Seconds the record of a waiting run is kept."""

BUSY = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}
BROKEN = {"Failed", "UpdateRollbackFailed", "OutOfService"}
FAILED = "EndpointFailed"
ROLLED_BACK = "EndpointUpdateRolledBack"


def roll_out(endpoint: str, version: int, uri: str, hosting: Hosting, endpoints: Endpoints) -> str:
    """Create the endpoint or update it to ``version``; returns the configuration it should end with.

    Repeatable: what is there already and the same is left alone. Raises NameCollisionError, EndpointBusyError, QuotaExceeded.
    """
    name = bounded(f"{endpoint}-v{version}")
    model = {"ModelName": name, **hosting.model(uri)}
    config = {"EndpointConfigName": name, **hosting.endpoint_config(name)}
    _check_same(model, endpoints.make_model(model))
    _check_same(config, endpoints.make_config(config))
    state = endpoints.state(endpoint)
    if state is None:
        endpoints.create(endpoint, name)
    elif name not in (state.config, state.pending):
        _change(state, name, hosting, endpoints)
    return name


def _change(state: EndpointState, config: str, hosting: Hosting, endpoints: Endpoints) -> None:
    if state.status in BUSY:
        raise EndpointBusyError(f"endpoint {state.name}: got {state.status}; allowed: InService")
    if state.status in BROKEN:
        # SageMaker cannot update such an endpoint, only delete it; the retry of this state then creates it anew.
        endpoints.drop_scaling(state.name, state.variant or VARIANT)
        endpoints.delete(state.name)
        raise EndpointBusyError(f"endpoint {state.name}: was {state.status} ({state.reason}); it is being deleted")
    variant = endpoints.config(state.config)["ProductionVariants"][0]
    if variant.get("InstanceType") != hosting.instance_type:
        # UpdateEndpoint refuses another instance type while a scalable target is registered.
        endpoints.drop_scaling(state.name, state.variant or VARIANT)
    alarm = alarm_request(state.name)
    endpoints.put_alarm(alarm)
    endpoints.update(state.name, config, deployment(state.instances, alarm["AlarmName"]))


def alarm_request(endpoint: str) -> dict[str, Any]:
    """PutMetricAlarm: any failed invocation within a minute rolls an update back."""
    return {
        "AlarmName": bounded(f"{endpoint}-failures"),
        "AlarmDescription": f"Invocations of {endpoint} fail: rolls back an update under way",
        "Namespace": "AWS/SageMaker",
        "MetricName": "InvocationFailures",
        "Dimensions": [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": VARIANT},
        ],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
    }


def deployment(instances: int, alarm: str) -> dict[str, Any]:
    """DeploymentConfig: a canary instance first where the fleet has two or more, else all at once; rolls back on the alarm."""
    routing: dict[str, Any] = {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 60}
    if instances >= 2:
        canary = {"Type": "INSTANCE_COUNT", "Value": 1}
        routing = {"Type": "CANARY", "WaitIntervalInSeconds": 300, "CanarySize": canary}
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": 60,
            "MaximumExecutionTimeoutInSeconds": 3_600,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]},
    }


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


def waiting(name: str, config: str, token: str, execution: str, now: int) -> Record:
    """The record that lets an endpoint's event find its run."""
    data = {"token": token, "config": config, "execution": execution}
    return Record(key=endpoint_key(name), status="waiting", expires_at=now + LONGEST_DEPLOYMENT, data=data)


def settle_endpoint(name: str, state: EndpointState | None, records: Records, tokens: Tokens) -> str:
    """Let the run that waits for the endpoint go on, or fail; says what it did. Harmless when repeated or late."""
    record = records.get(endpoint_key(name))
    if record is None:
        return f"endpoint {name}: no run waits for it"
    if state is not None and state.status not in {"InService", *BROKEN}:
        return f"endpoint {name} is {state.status}: still waiting"
    token, config = record.data["token"], record.data["config"]
    if state is not None and state.status == "InService" and state.config == config:
        reached = tokens.succeed(token, {"endpoint": name, "variant": state.variant or VARIANT})
    else:
        reached = tokens.fail(token, *_failure(name, state, config))
    records.remove(record.key)
    verdict = "is told" if reached else "no longer waits"
    return f"endpoint {name} is {state.status if state else 'gone'}: run {record.data['execution']} {verdict}"


def _failure(name: str, state: EndpointState | None, config: str) -> tuple[str, str]:
    if state is None:
        return FAILED, f"endpoint {name}: deleted before it came into service"
    if state.status == "InService":
        reason = state.reason or "its alarm went off or the new instances never got healthy"
        return ROLLED_BACK, f"endpoint {name}: got {state.config}; asked for {config}: {reason}"
    return FAILED, f"endpoint {name}: got {state.status}: {state.reason or 'no reason given'}"
