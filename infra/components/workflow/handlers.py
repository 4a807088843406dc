"""The Lambdas behind the steps: a handler's spec, the construct that makes each handler once, and the step that calls it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.components.access import allow, using
from infra.components.handler import Handler
from infra.components.workflow.step import Step, retry
from infra.nag import accept

_TRANSIENT = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.ClientExecutionTimeoutException",
)
LAMBDA_RETRY = retry(_TRANSIENT)


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What the handler ``name`` (``atelier_ops.handlers.{name}``) needs besides the stage's key, which every handler may use.

    ``environment`` becomes its settings, ``grants`` are groups of statements, ``accepts`` the findings of cdk-nag that these bring.
    """

    name: str
    environment: Mapping[str, str]
    grants: Sequence[list[iam.PolicyStatement]]
    seconds: int = 60
    memory_mib: int = 512
    accepts: Mapping[str, str] = field(default_factory=dict)


class Handlers(Construct):
    """One function for each spec, however many steps call it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, code: lambda_.Code, key: kms.IKey, log_days: int
    ) -> None:
        super().__init__(scope, construct_id)
        self._code, self._key, self._log_days = code, key, log_days
        self._handlers: dict[str, Handler] = {}

    def of(self, spec: Spec) -> Handler:
        """The handler of a spec, created at first use."""
        if spec.name not in self._handlers:
            self._handlers[spec.name] = self._make(spec)
        return self._handlers[spec.name]

    def _make(self, spec: Spec) -> Handler:
        handler = Handler(
            self,
            "".join(part.capitalize() for part in spec.name.split("_")),
            name=spec.name,
            code=self._code,
            log_days=self._log_days,
            environment=spec.environment,
            timeout=Duration.seconds(spec.seconds),
            memory_mib=spec.memory_mib,
        )
        handler.grant(using(self._key), *spec.grants)
        for finding, because in spec.accepts.items():
            accept(handler.role, finding, because=because)
        return handler

    def call(
        self,
        spec: Spec,
        *,
        name: str,
        does: str,
        payload: Mapping[str, object],
        assign: Mapping[str, str] | None = None,
        knows_plan: bool = True,
    ) -> Step:
        """The step ``name`` that calls the handler and keeps ``assign`` of its answer. The handler ends before the step gives up."""
        arn = self.of(spec).arn
        return Step(
            name=name,
            does=does,
            resource="lambda:invoke",
            handler=spec.name,
            arguments={"FunctionName": arn, "Payload": dict(payload)},
            assign=assign or {},
            retries=[LAMBDA_RETRY],
            seconds=spec.seconds + 60,
            allows=[allow(["lambda:InvokeFunction"], [arn])],
            knows_plan=knows_plan,
        )

    def wait(
        self,
        spec: Spec,
        *,
        name: str,
        does: str,
        payload: Mapping[str, object],
        seconds: int,
        assign: Mapping[str, str] | None = None,
        busy: Mapping[str, object] | None = None,
    ) -> Step:
        """The step ``name`` that calls the handler with a task token and waits at most ``seconds`` for its answer.

        ``busy`` is a rule of ``Retry`` for the handler's own temporary errors.
        """
        arn = self.of(spec).arn
        token = {"token": "{% $states.context.Task.Token %}"}
        return Step(
            name=name,
            does=does,
            resource="lambda:invoke.waitForTaskToken",
            handler=spec.name,
            arguments={"FunctionName": arn, "Payload": {**payload, **token}},
            assign=assign or {},
            retries=[*([busy] if busy else []), LAMBDA_RETRY],
            seconds=seconds,
            allows=[allow(["lambda:InvokeFunction"], [arn])],
        )
