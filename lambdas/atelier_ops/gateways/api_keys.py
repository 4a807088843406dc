"""Values of API Gateway's keys."""

from atelier_ops.gateways.aws import client


class ApiKeys:
    """API Gateway of the account."""

    def value(self, key_id: str) -> str:
        """The key itself."""
        return str(client("apigateway").get_api_key(apiKey=key_id, includeValue=True)["value"])
