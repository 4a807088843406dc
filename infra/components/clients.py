"""The API keys of a stage's clients, one each; they know nothing of the API, so that its handler can know them."""

import json
from collections.abc import Mapping, Sequence

from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from contracts.clients import FIRST
from infra.settings.api import Client

_ONLY_KEY = "RestApiKey7FB93F4B"
_ONLY_MEMBERSHIP = "RestApiPlanUsagePlanKeyResourceApiRestApiKeyF37EA38B45EA1851"


class ClientKeys(Construct):
    """``ids``: of each client's key, by the client's name. API Gateway chooses the values.

    A key is made anew where its client's ``key_version`` rises, and goes with its client; other clients' keys stay as they are.
    """

    def __init__(self, scope: Construct, construct_id: str, *, clients: Sequence[Client]) -> None:
        super().__init__(scope, construct_id)
        self._clients = clients
        self.keys: Mapping[str, apigateway.ApiKey] = {client.name: self._key(client) for client in clients}
        self.ids: Mapping[str, str] = {name: key.key_id for name, key in self.keys.items()}
        known = {
            self.ids[client.name]: {"name": client.name, **({"manages": True} if client.manages else {})}
            for client in clients
        }
        self.known = json.dumps(known, separators=(",", ":"))
        """``contracts.clients.Clients`` as JSON."""

    def _key(self, client: Client) -> apigateway.ApiKey:
        # The name and version make it the key that it is; another one in their place would be another key.
        key = apigateway.ApiKey(
            self, f"{client.name}-{client.key_version}", description=f"Atelier's client {client.name}"
        )
        if _was_the_only_one(client):
            resource = key.node.default_child
            assert isinstance(resource, apigateway.CfnApiKey)
            resource.override_logical_id(_ONLY_KEY)
        return key

    def join(self, plan: apigateway.UsagePlan) -> None:
        """Let every key in."""
        for client in self._clients:
            earlier = _ONLY_MEMBERSHIP if _was_the_only_one(client) else None
            plan.add_api_key(self.keys[client.name], override_logical_id=earlier)


def _was_the_only_one(client: Client) -> bool:
    """Whether it is the client whose key stages had before clients had names. Under another logical id it would be another key."""
    return (client.name, client.key_version) == (FIRST, 1)
