"""API Gateway's own answers where a function gives none: through the API's gateway responses, as AWS gives them.

An invocation whose event is too large for Lambda is answered with 413 (as https://github.com/koki-develop/lgtm-generator/issues/10 saw of
AWS), another that it refuses with 500, one that fails or is malformed with 502, one that is late with 504
(https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway-errors.html). Gateway responses may change each of them
(https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html).
"""

import json
from typing import Any

from ministack.core.responses import new_uuid, request_scope
from ministack.services import apigateway_v1

from local.api_limits import Refusal, plain
from local.seams.functions import REQUEST_TOO_LARGE

_BROKEN = ("DEFAULT_5XX", "Internal server error")
_TOO_LARGE = ("REQUEST_TOO_LARGE", "Request Too Long")


class _FailedError(Exception):
    """The function gave no answer."""

    def __init__(self, status: int, answer: tuple[str, str] = _BROKEN) -> None:
        super().__init__(status)
        self.status = status
        self.kind, self.message = answer


def install() -> None:
    """Replace what ministack answers: a throttle of the function as the caller's own, and its error in the body."""
    shape, invoke = apigateway_v1._lambda_proxy_response, apigateway_v1._invoke_lambda_proxy_v1

    def response_of(result: dict[str, Any]) -> Any:
        if result.get("throttle"):
            raise _FailedError(500)
        if result.get("error") and (result.get("body") or {}).get("errorType") == REQUEST_TOO_LARGE:
            raise _FailedError(413, _TOO_LARGE)
        if result.get("error"):
            raise _FailedError(502)
        return shape(result)

    async def invoke_or_fail(
        integration: Any, api: str, stage_name: str, stage: Any, *request: Any, **more: Any
    ) -> Any:
        try:
            return await invoke(integration, api, stage_name, stage, *request, **more)
        except _FailedError as failed:
            customized = apigateway_v1._deployed_gateway_responses.get(api, {}).get(stage.get("deploymentId"), {})
            if failed.kind in customized:
                return apigateway_v1._gw_error(failed.kind, failed.message)
            body = json.dumps({"message": failed.message}).encode()
            return failed.status, {"Content-Type": "application/json"}, body

    apigateway_v1._lambda_proxy_response = response_of
    apigateway_v1._invoke_lambda_proxy_v1 = invoke_or_fail


def refusal(path: str, kind: str, message: str) -> Refusal:
    """What the API at a path answers for a type of gateway response."""
    *_, api, stage_name = path.split("/")[:5]
    scope, stage = apigateway_v1.find_api_scope(api), apigateway_v1.stages_for_api(api).get(stage_name)
    if scope is None or stage is None:
        return plain(path, kind, message)
    request = {
        "headers": {},
        "query_params": {},
        "path_params": {},
        "api_id": api,
        "stage_name": stage_name,
        "stage": stage,
        "resource_path": "",
        "request_id": new_uuid(),
    }
    with request_scope(*scope):
        answer: Refusal = apigateway_v1._gateway_error_response(apigateway_v1._gw_error(kind, message), request)
        return answer
