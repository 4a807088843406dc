"""API keys: one that was switched off opens nothing, plans take keys that there are, each once, and functions hear whose key it was."""

from typing import Any

from ministack.services import apigateway_v1

_HEADERS = 7
"""Where a request's headers stand among what ministack invokes a function with."""


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

    apigateway_v1._invoke_lambda_proxy_v1 = invoke_with_key
    apigateway_v1._update_api_key, apigateway_v1._create_usage_plan_key = update_api_key, create_usage_plan_key
