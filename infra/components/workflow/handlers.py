"""The Lambdas behind the steps: the construct that makes each handler once, and the step that calls it."""

from collections.abc import Mapping
from dataclasses import replace
from string import capwords

from aws_cdk import aws_kms as kms
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.access import allow
from infra.components.handler import Handler, Spec
from infra.components.workflow.step import Step, retry

LAMBDA_RETRY = retry(
    (
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "Lambda.ClientExecutionTimeoutException",
    )
)


class Handlers(Construct):
    """One function for each spec, however many steps call it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, key: kms.IKey, log_days: int, network: VpcConfig | None
    ) -> None:
        super().__init__(scope, construct_id)
        self._key, self._log_days, self._network = key, log_days, network
        self._handlers: dict[str, Handler] = {}

    def of(self, spec: Spec) -> Handler:
        """The handler of a spec, created at first use."""
        if spec.name not in self._handlers:
            construct_id = capwords(spec.name, "_").replace("_", "")
            self._handlers[spec.name] = Handler(
                self, construct_id, spec=spec, key=self._key, log_days=self._log_days, network=self._network
            )
        return self._handlers[spec.name]

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
        token = {"token": "{% $states.context.Task.Token %}"}
        step = self.call(spec, name=name, does=does, payload={**payload, **token}, assign=assign)
        retries = [*([busy] if busy else []), *step.retries]
        return replace(step, resource=f"{step.resource}.waitForTaskToken", retries=retries, seconds=seconds)
