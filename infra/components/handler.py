"""A Lambda function that runs one of our handlers, with its own role, its own log and nothing it does not need."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, Duration, ILocalBundling, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from contracts.vpc import VpcConfig
from infra.components.access import Statement, allow, grant, using
from infra.components.dead_letters import DeadLetters
from infra.components.image import REPOSITORY_ROOT
from infra.components.log_retention import log_group
from infra.components.network_rights import accept_joining, joining_function
from infra.components.packages import ARCHITECTURE, RUNTIME, packages_layer
from infra.nag import accept, accept_prefixes

RETRIES = 2
"""How often Lambda tries an event again that its handler failed on: the most that it offers."""

PACKAGES = ("lambdas/atelier_ops", "contracts")
"""The packages that the code asset holds, side by side."""

_LAMBDA = iam.ServicePrincipal("lambda.amazonaws.com")


@jsii.implements(ILocalBundling)
class _SideBySide:
    """Copies our packages into the asset. The others come in the layer."""

    def try_bundle(self, output_dir: str, *_options: Any, **_named_options: Any) -> bool:
        for package in PACKAGES:
            source = REPOSITORY_ROOT / package
            shutil.copytree(
                source, Path(output_dir) / source.name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
            )
        return True


@cache
def handler_code(stack: Stack) -> lambda_.Code:
    """The code of a stack's handlers; CDK bundles it once for all stacks."""
    return lambda_.Code.from_asset(
        str(REPOSITORY_ROOT / "lambdas"),
        asset_hash_type=AssetHashType.OUTPUT,
        # The local bundler always succeeds; the image is a formality of the API and is never pulled.
        bundling=BundlingOptions(image=DockerImage.from_registry("scratch"), local=_SideBySide()),
    )


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What the handler ``name`` (``atelier_ops.handlers.{name}``) needs besides a log and the stage's key, which every handler may use.

    ``environment`` becomes its settings, ``grants`` are groups of statements, ``accepts`` the findings of cdk-nag that these bring.
    ``dead_letters`` takes, with its error, every event that the handler failed on, where nobody waits for its answer. ``internet`` keeps it
    out of the stage's network, which has no way to what it needs.
    """

    name: str
    environment: Mapping[str, str]
    grants: Sequence[list[Statement]]
    seconds: int = 60
    memory_mib: int = 512
    accepts: Mapping[str, str] = field(default_factory=dict)
    dead_letters: DeadLetters | None = None
    internet: bool = False


class Handler(Construct):
    """``function`` runs a spec's handler. Its role may write its own log, send traces, use the key and do what the spec grants.

    ``network`` is where handlers of the stage are; ``None`` where that is Lambda's own network.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        spec: Spec,
        key: kms.IKey,
        log_days: int,
        network: VpcConfig | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name, stack = spec.name, Stack.of(self)
        role = iam.Role(self, "Role", assumed_by=_LAMBDA, description=f"Atelier handler {spec.name}")
        log = log_group(self, "Log", log_days, key)
        failures, inside = spec.dead_letters, None if spec.internet else network
        joining = joining_function() if inside else []
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=f"atelier_ops.handlers.{spec.name}.handler",
            code=handler_code(stack),
            layers=[packages_layer(stack)],
            role=grant(role, _observed(log), using(key), *spec.grants, _failing(failures), joining),
            log_group=log,
            environment={**spec.environment, **observability(stack)},
            tracing=lambda_.Tracing.ACTIVE,
            timeout=_seconds(spec.seconds),
            memory_size=spec.memory_mib,
        )
        if failures:
            self._send(failures, role)
        if inside:
            self._join(inside)
        self._accept_findings(spec)

    def _send(self, failures: DeadLetters, role: iam.Role) -> None:
        config = lambda_.CfnEventInvokeConfig(
            self,
            "Asynchronous",
            function_name=self.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=RETRIES,
            destination_config={"onFailure": {"destination": failures.arn}},
        )
        failures.functions[self.name] = self.function_name
        # Lambda looks whether the role may send before it takes the setting.
        config.node.add_dependency(role)

    def _join(self, network: VpcConfig) -> None:
        """CDK's own way wants a construct of the VPC, and attaches a managed policy that may change every interface."""
        resource = self.function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=network.subnets, security_group_ids=network.security_groups
        )
        accept_joining(self)

    @cached_property
    def arn(self) -> str:
        """The function's ARN."""
        return self.function.function_arn

    @cached_property
    def function_name(self) -> str:
        """The function's name, which CloudFormation chooses."""
        return self.function.function_name

    def _accept_findings(self, spec: Spec) -> None:
        prefixes = "Objects, jobs and endpoints are made while the service runs: a prefix of ours is the narrowest name there is."
        accept_prefixes(self, because=prefixes)
        traces = "X-Ray takes trace segments from whoever may send them: its calls know no resource."
        runtime = "The code is tested on Python 3.13, which Lambda patches until 2029."
        accept(self, {"AwsSolutions-IAM5[Resource::*]": traces, "AwsSolutions-L1": runtime, **spec.accepts})


def _observed(log: logs.LogGroup) -> list[Statement]:
    """Write the log, and send traces."""
    return [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log.log_group_arn]),
        allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"]),
    ]


def _failing(failures: DeadLetters | None) -> list[Statement]:
    return [allow(["sqs:SendMessage"], [failures.arn])] if failures else []


@cache
def _seconds(count: int) -> Duration:
    return Duration.seconds(count)


@cache
def observability(stack: Stack) -> dict[str, str]:
    """The settings of Powertools: logs, metrics and traces of a stage carry its name, ``atelier-{stage}``.

    Traces hold neither what a handler returned nor the text of an error: both can quote what a client sent.
    """
    return {
        "POWERTOOLS_SERVICE_NAME": f"atelier-{stack.tags.tag_values()['atelier:stage']}",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false",
        "POWERTOOLS_TRACER_CAPTURE_ERROR": "false",
    }
