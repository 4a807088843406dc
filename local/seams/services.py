"""Adds SageMaker, Application Auto Scaling and Service Quotas to ministack's services, with their IAM actions and resources."""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypercorn.typing import ASGIFramework
from ministack import app
from ministack.core import iam_actions, router
from ministack.core.concurrency import run_reentrant

from local.api_limits import limited
from local.autoscaling import ApplicationAutoScaling
from local.clients import watching
from local.errors import ServiceError, validation_error
from local.forwarding import forwarding
from local.presigned import authorized_once
from local.room import require_room
from local.sagemaker import caller_rights
from local.sagemaker.control_plane import ControlPlane
from local.sagemaker.runtime import Response
from local.scaling import rights
from local.seams import keys, roles
from local.seams.gateway import refusal
from local.service_quotas import ServiceQuotas

_INVOCATION = re.compile(r"^/endpoints/([^/]+)/(async-)?invocations$")
_READS = re.compile("Describe|Get|List")
_JSON = "application/x-amz-json-1.1"
SAGEMAKER, AUTOSCALING, QUOTAS = "sagemaker", "application-autoscaling", "servicequotas"
TARGET_PREFIXES = {SAGEMAKER: "SageMaker", AUTOSCALING: "AnyScaleFrontendService", QUOTAS: "ServiceQuotasV20190624"}
ROLE_MEMBERS = ("RoleArn", "ExecutionRoleArn")
# The state machine behind each task token that is waited for: IAM authorizes SendTask* on it.
task_machines: dict[str, str] = {}


def _service(
    run_dir: Path, answer: Callable[[str, dict[str, str], bytes, dict[str, Any]], Response]
) -> SimpleNamespace:
    """One service in the shape ministack expects of its modules: each request gets a thread of its own."""

    def safely(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        try:
            if not _READS.match(action_name(headers)):
                require_room(run_dir, len(body))
            return answer(path, headers, body, query)
        except ServiceError as error:
            content = {"__type": error.code, "message": error.message, "Message": error.message}
            return error.status, {"Content-Type": _JSON, "x-amzn-errortype": error.code}, json.dumps(content).encode()

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        """Answer one HTTP request. It may wait and call back into the server, so never on the event loop."""
        lower = {name.lower(): value for name, value in headers.items()}
        response: Response = await run_reentrant(safely, path, lower, body, query)
        return response

    return SimpleNamespace(handle_request=handle_request)


def install(sagemaker: ControlPlane, autoscaling: ApplicationAutoScaling, quotas: ServiceQuotas) -> None:
    """Register the three services, and teach IAM their actions and resources."""
    run_dir = sagemaker.run_dir

    def answer_sagemaker(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        invocation = _INVOCATION.match(path)
        if invocation:
            return sagemaker.runtime.answer(invocation[1], bool(invocation[2]), headers, body)
        action, params = _request(headers, body)
        for need in caller_needs(sagemaker, action, params):
            roles.check_caller(headers, query, need, sagemaker.store.region)
        return _answer(sagemaker.dispatch(action, params))

    def answer_autoscaling(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        action, params = _request(headers, body)
        for need in rights.needs(action, params, sagemaker.store):
            roles.check_caller(headers, query, need, sagemaker.store.region)
        return _answer(autoscaling.dispatch(action, params))

    def answer_quotas(path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
        return _answer(quotas.dispatch(*_request(headers, body)))

    _register(SAGEMAKER, _service(run_dir, answer_sagemaker))
    _register(AUTOSCALING, _service(run_dir, answer_autoscaling))
    _register(QUOTAS, _service(run_dir, answer_quotas))
    _teach_iam(sagemaker)


def caller_needs(sagemaker: ControlPlane, action: str, params: dict[str, Any]) -> Iterator[caller_rights.Need]:
    """What a caller of SageMaker must be allowed beside the call itself."""
    for member in ROLE_MEMBERS:
        if isinstance(params.get(member), str):
            yield roles.pass_role(params[member])
    if "TrainingJobDefinition" in params and (role := caller_rights.passed_role(params)):
        yield roles.pass_role(role)
    store, resource = sagemaker.store, sagemaker.resource_arn(action, params)

    def role_may(need: caller_rights.Need, role: str) -> bool:
        return roles.may(_by_arn(need), role, store.region)

    yield from map(_by_arn, caller_rights.needs(action, resource, params, store, role_may=role_may))


def _by_arn(need: caller_rights.Need) -> caller_rights.Need:
    """A key may be named by its id or alias; permissions name its ARN."""
    action, resource, context = need
    return (action, keys.key_arn(resource) or resource, context) if action.startswith("kms:") else need


def application() -> ASGIFramework:
    """The ASGI application that answers for all services, and tells each API how it was reached."""
    return limited(forwarding(authorized_once(watching(app.app, _INVOCATION))), refusal=refusal)


def _register(name: str, service: SimpleNamespace) -> None:
    key = name.replace("-", "_")
    app._loaded_modules[key] = service
    app.SERVICE_REGISTRY[name] = {"module": key}
    app.SERVICE_HANDLERS[name] = service.handle_request
    router.SERVICE_PATTERNS[name] = {"target_prefixes": [f"{TARGET_PREFIXES[name]}."], "host_patterns": []}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[name] = name


def _teach_iam(sagemaker: ControlPlane) -> None:
    resource_of, action_of = iam_actions.extract_resource_arn, iam_actions.extract_iam_action

    def resource_arn(service: str, method: str, path: str, headers: dict[str, str], body: bytes, *rest: Any) -> str:
        if service == SAGEMAKER:
            invocation = _INVOCATION.match(path)
            if invocation:
                return sagemaker.store.arn("Endpoint", invocation[1])
            return sagemaker.resource_arn(action_name(headers), members(body))
        if service == AUTOSCALING:
            _, region, account = rest
            return f"arn:aws:application-autoscaling:{region}:{account}:scalable-target/*"
        # CDK's `grant_task_response` names the state machine; ministack requires `*`.
        if service == "states" and action_name(headers).startswith("SendTask"):
            return task_machines.get(members(body).get("taskToken", ""), "*")
        return str(resource_of(service, method, path, headers, body, *rest))

    def action(service: str, method: str, path: str, *rest: Any) -> Any:
        invocation = _INVOCATION.match(path) if service == SAGEMAKER else None
        if invocation:
            return "sagemaker:InvokeEndpointAsync" if invocation[2] else "sagemaker:InvokeEndpoint"
        return action_of(service, method, path, *rest)

    tags_of = iam_actions.request_tag_context

    def context(service: str, iam_action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        keys = rights.condition_keys(members(body)) if service == AUTOSCALING else {}
        return {**tags_of(service, iam_action, body, params), **keys}

    iam_actions.extract_resource_arn, iam_actions.extract_iam_action = resource_arn, action
    iam_actions.request_tag_context = context


def _request(headers: dict[str, str], body: bytes) -> tuple[str, dict[str, Any]]:
    try:
        params = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", str(error)) from error
    if not isinstance(params, dict):
        raise validation_error("The request body must be a JSON object.")
    return action_name(headers), params


def action_name(headers: dict[str, str]) -> str:
    """The action that a request's X-Amz-Target names; empty without one."""
    target = next((v for k, v in headers.items() if k.lower() == "x-amz-target"), "")
    return target.rpartition(".")[2]


def members(body: bytes) -> dict[str, Any]:
    """A request's members for IAM, which decides before the service sees whether the request can be read."""
    with contextlib.suppress(ServiceError):
        return _request({}, body)[1]
    return {}


def _answer(content: dict[str, Any]) -> Response:
    return 200, {"Content-Type": _JSON}, json.dumps(content, default=_epoch_seconds).encode()


def _epoch_seconds(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else str(value)
