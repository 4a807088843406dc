"""Changes ministack's Lambda: layers stay packed, exceptions keep their names, a crashed custom resource fails at once."""

import json
import logging
import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import custom_resource

from local.errors import LocalCloudError

_FAILED = '"status": "error", "error": str(e), "trace": traceback.format_exc()'
_NAMED = '"status": "error", "error": str(e), "trace": traceback.format_exc(), "type": type(e).__name__'
_DIED = "Worker process died"
_RESPONSE_PATH = "/_ministack/cfn-response/"
_INIT_FAILED = "Worker init failed: "
REQUEST_TOO_LARGE = "RequestTooLargeException"
_MOST_BYTES = 6 * 1024 * 1024  # of an event and of an answer, each (quotas of Lambda)

_LOG = logging.getLogger("local.functions")
_latest = threading.local()


def install() -> None:
    """Replace the functions. Raises LocalCloudError where the worker's script has changed."""
    _leave_layers_packed()
    _name_exceptions()
    _fail_crashed_custom_resources()
    # ResponseURL: `localhost` may resolve to ::1, where nothing listens.
    custom_resource._HOST = "127.0.0.1"


def _leave_layers_packed() -> None:
    """Run functions with the packages of this Python: a layer's wheels are for the stage's processor and Python.

    Layers, their versions and each function's configuration stay what they are; only the worker does not unpack them.
    """
    spawn = lambda_runtime.Worker._spawn

    def spawn_without_layers(self: Any) -> None:
        config = self.config
        self.config = {**config, "Layers": []}
        try:
            spawn(self)
        finally:
            self.config = config

    lambda_runtime.Worker._spawn = spawn_without_layers


def _name_exceptions() -> None:
    """Report a handler's exception under its class name, as the Lambda runtime does, not as Runtime.HandlerError."""
    if _FAILED not in lambda_runtime._PYTHON_WORKER_SCRIPT:
        raise LocalCloudError("ministack moved under the local cloud: the Lambda worker's error line has changed")
    lambda_runtime._PYTHON_WORKER_SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT.replace(_FAILED, _NAMED)
    invoke, execute = lambda_runtime.Worker.invoke, lambda_svc._execute_function_warm

    def invoke_and_keep(self: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        _latest.response = invoke(self, *args, **kwargs)
        response: dict[str, Any] = _latest.response
        return response

    def execute_and_name(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        _latest.response = {}
        result: dict[str, Any] = _too_large(event, "Request") or execute(func, event, request_id)
        result = result if result.get("error") else _too_large(result.get("body"), "Response") or result
        body = result.get("body")
        if result.get("error") and isinstance(body, dict):
            _rename(body, _latest.response)
            name = (func.get("config") or func).get("FunctionName")
            _LOG.warning("function %s raised %s: %s", name, body.get("errorType"), body.get("errorMessage"))
        return result

    lambda_runtime.Worker.invoke = invoke_and_keep
    lambda_svc._execute_function_warm = execute_and_name


def _too_large(payload: Any, kind: str) -> dict[str, Any] | None:
    """The failure of an invocation whose event or answer is over Lambda's limit, None where it is not."""
    size = len(json.dumps(payload, default=str).encode())
    if size <= _MOST_BYTES:
        return None
    name = REQUEST_TOO_LARGE if kind == "Request" else "Function.ResponseSizeTooLarge"
    message = f"{kind} payload size ({size} bytes) exceeded maximum allowed payload size ({_MOST_BYTES} bytes)."
    return {"error": True, "body": {"errorType": name, "errorMessage": message}}


def _rename(body: dict[str, Any], response: dict[str, Any]) -> None:
    message = str(body.get("errorMessage", ""))
    if "type" in response:
        body["errorType"] = response["type"]
        body["stackTrace"] = [line for line in response.get("trace", "").splitlines() if line.startswith("  ")]
    elif message.startswith(_INIT_FAILED):
        body.update(errorType="Runtime.ImportModuleError", errorMessage=message.removeprefix(_INIT_FAILED))
    elif message == _DIED:
        body.update(errorType="Runtime.ExitError", errorMessage="Runtime exited without providing a reason")


def _fail_crashed_custom_resources() -> None:
    """Fail a custom resource whose Lambda raised, at once: it will never answer, and AWS would wait for an hour."""
    execute = lambda_svc._execute_function_with_config_scope

    def execute_and_report(func: dict[str, Any], event: Any) -> dict[str, Any]:
        result: dict[str, Any] = execute(func, event)
        url = event.get("ResponseURL", "") if isinstance(event, dict) else ""
        if result.get("error") and _RESPONSE_PATH in url:
            body = result.get("body")
            details = body if isinstance(body, dict) else {"errorType": "Lambda", "errorMessage": str(body)}
            reason = f"The function raised {details.get('errorType')}: {details.get('errorMessage')}"
            custom_resource.deliver_response(url.rpartition("/")[2], {"Status": "FAILED", "Reason": reason})
        return result

    lambda_svc._execute_function_with_config_scope = execute_and_report
