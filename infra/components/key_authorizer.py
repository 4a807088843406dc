"""What API Gateway asks for each request's API key, so that a client may send it as ``Authorization`` or as ``x-api-key``."""

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.handler import Handler, Spec


class KeyAuthorizer(Construct):
    """``authorizer`` hands over the key of a request, which API Gateway then looks for in its usage plans.

    It says for itself nothing about a key but that there is one. What it says is kept for no other request: a cache would need one header
    that every request has.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, log_days: int, network: VpcConfig | None
    ) -> None:
        super().__init__(scope, construct_id)
        # It reads two headers; what there is of memory is for Python's start.
        spec = Spec(name="authorize", environment={}, grants=[], seconds=10, memory_mib=256)
        self.handler = Handler(self, "Handler", spec=spec, key=key, log_days=log_days, network=network)
        self.authorizer = apigateway.RequestAuthorizer(
            self,
            "Authorizer",
            handler=self.handler.function,
            identity_sources=[],
            results_cache_ttl=Duration.seconds(0),
        )
        resource = self.authorizer.node.default_child
        assert isinstance(resource, apigateway.CfnAuthorizer)
        # CDK writes an empty one, which no page of AWS says is none.
        resource.identity_source = None
