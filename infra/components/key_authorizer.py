"""What API Gateway asks for each request's API key, so that a client may send it as ``Authorization`` or as ``x-api-key``."""

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_kms as kms
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.access import allow, api_key_arn
from infra.components.handler import Handler, Spec
from infra.components.people_pool import PeoplePool


class KeyAuthorizer(Construct):
    """``authorizer`` hands over the key of a request, which API Gateway then looks for in its usage plans.

    Where ``people`` sign in, it hands over the page's key for each whose token their pool gave the page.

    It says for itself nothing about a key but that there is one. What it says is kept for no other request: a cache would need one header
    that every request has.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        people: PeoplePool | None,
        key: kms.IKey,
        log_days: int,
        network: VpcConfig | None,
    ) -> None:
        super().__init__(scope, construct_id)
        # It reads two headers; what there is of memory is for Python's start.
        spec = Spec(name="authorize", environment={}, grants=[], seconds=10, memory_mib=256)
        if people:
            spec = _asking(people)
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

    def let_in(self, people: PeoplePool, client_id: str, plan: apigateway.UsagePlan) -> None:
        """Take tokens that the pool gave the client of this id, which is made after the API. All people together have one key's share."""
        self.handler.function.add_environment("CLIENT_ID", client_id)
        plan.add_api_key(people.key)


def _asking(people: PeoplePool) -> Spec:
    """That of a stage whose people sign in; ``CLIENT_ID`` comes with ``let_in``."""
    return Spec(
        name="authorize_people",
        environment={"ISSUER": people.issuer, "PAGE_KEY_ID": people.key.key_id},
        grants=[[allow(["apigateway:GET"], [api_key_arn(people.key.key_id)])]],
        seconds=10,
        # The first request with a token waits for the SDK, which reads the page's key.
        memory_mib=512,
        internet=True,  # where the pool's public keys are
    )
