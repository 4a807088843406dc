"""API keys: one that was switched off opens nothing, plans take keys that there are, each once, and functions hear whose key it was.

An API whose keys its authorizer finds takes the ``usageIdentifierKey`` that it answered, and none from a header
(https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-source.html).
"""

from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway_v1

_HEADERS = 7
"""Where a request's headers stand among what ministack invokes a function with."""

_API = 1
"""Where an API's id stands among what ministack executes a request with."""

_found: ContextVar[str | None] = ContextVar("_found", default=None)
"""The key that an authorizer has found in the request, empty where it found none; None where the API reads the header."""


def install() -> None:
    """Put the checks around what ministack does."""
    update, add = apigateway_v1._update_api_key, apigateway_v1._create_usage_plan_key

    def update_api_key(key_id: str, data: dict[str, Any]) -> Any:
        answer = update(key_id, data)
        if key := apigateway_v1._api_keys.get(key_id):
            # A patch's value is a text, and "false" would count as true.
            key["enabled"] = str(key.get("enabled", True)).lower() == "true"
        return answer

    def create_usage_plan_key(plan_id: str, data: dict[str, Any]) -> Any:
        key_id = data.get("keyId", "")
        if key_id not in apigateway_v1._api_keys:
            return apigateway_v1._v1_error("NotFoundException", "Invalid API Key identifier specified", 404)
        if key_id in apigateway_v1._usage_plan_keys.get(plan_id, {}):
            return apigateway_v1._v1_error(
                "ConflictException", f"Usage Plan {plan_id} already contains key {key_id}", 409
            )
        return add(plan_id, data)

    invoke = apigateway_v1._invoke_lambda_proxy_v1

    async def invoke_with_key(*request: Any, caller_identity: dict[str, str] | None = None, **more: Any) -> Any:
        headers = request[_HEADERS]
        # A function needs the key's id only; the key itself, which AWS passes too, would only end in somebody's log.
        key = apigateway_v1._resolve_api_key(apigateway_v1._api_key_from_request(headers))
        own = {"apiKeyId": key["id"]} if key else {}
        return await invoke(*request, caller_identity={**(caller_identity or {}), **own}, **more)

    _take_from_authorizers()
    apigateway_v1._invoke_lambda_proxy_v1 = invoke_with_key
    apigateway_v1._update_api_key, apigateway_v1._create_usage_plan_key = update_api_key, create_usage_plan_key


def _take_from_authorizers() -> None:
    execute, ask = apigateway_v1._execute_in_scope, apigateway_v1._invoke_authorizer_lambda
    from_header = apigateway_v1._api_key_from_request

    async def execute_request(*request: Any) -> Any:
        api = apigateway_v1._rest_apis.get(request[_API]) or {}
        _found.set("" if api.get("apiKeySource") == "AUTHORIZER" else None)
        return await execute(*request)

    async def ask_and_keep(*question: Any) -> Any:
        answer = await ask(*question)
        said = (answer or {}).get("body")
        if _found.get() is not None:
            _found.set(str(said.get("usageIdentifierKey") or "") if isinstance(said, dict) else "")
        return answer

    def key_of(headers: Any) -> Any:
        found = _found.get()
        return from_header(headers) if found is None else found

    apigateway_v1._execute_in_scope = execute_request
    apigateway_v1._invoke_authorizer_lambda = ask_and_keep
    apigateway_v1._api_key_from_request = key_of
