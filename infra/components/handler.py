"""A Lambda function that runs one of our handlers, with its own role, its own log and nothing it does not need."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, Duration, ILocalBundling, RemovalPolicy, Size, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.components.image import REPOSITORY_ROOT
from infra.components.log_retention import retention
from infra.components.packages import ARCHITECTURE, RUNTIME, packages_layer
from infra.nag import accept, accept_prefixes

PACKAGES = ("lambdas/atelier_ops", "contracts")
"""The packages that the code asset holds, side by side."""


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


def handler_code() -> lambda_.Code:
    """The code of every handler. Each stack needs its own: CDK ties an asset to the stack that first uses it."""
    return lambda_.Code.from_asset(
        str(REPOSITORY_ROOT / "lambdas"),
        asset_hash_type=AssetHashType.OUTPUT,
        # The local bundler always succeeds; the image is a formality of the API and is never pulled.
        bundling=BundlingOptions(image=DockerImage.from_registry("scratch"), local=_SideBySide()),
    )


class Handler(Construct):
    """``function`` runs ``atelier_ops.handlers.{name}.handler``; ``environment`` becomes that handler's settings.

    Its role may write its own log and nothing else: grants are made by whoever wires it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        code: lambda_.Code,
        log_days: int,
        environment: Mapping[str, str],
        timeout: Duration | None = None,
        memory_mib: int = 512,
        storage: Size | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = self._make_role(name)
        log_group = logs.LogGroup(self, "Log", retention=retention(log_days), removal_policy=RemovalPolicy.DESTROY)
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=f"atelier_ops.handlers.{name}.handler",
            code=code,
            layers=[packages_layer(self)],
            role=self.role,
            log_group=log_group,
            environment={**environment, **observability(self)},
            tracing=lambda_.Tracing.ACTIVE,
            timeout=timeout or Duration.seconds(30),
            memory_size=memory_mib,
            ephemeral_storage_size=storage,
        )
        self._accept_findings()

    @property
    def arn(self) -> str:
        """The function's ARN."""
        return self.function.function_arn

    def grant(self, *statements: list[iam.PolicyStatement]) -> None:
        """Let the handler do what these groups of statements allow (``infra.components.access``)."""
        for group in statements:
            for statement in group:
                self.role.add_to_policy(statement)

    def _make_role(self, name: str) -> iam.Role:
        principal = iam.ServicePrincipal("lambda.amazonaws.com")
        return iam.Role(self, "Role", assumed_by=principal, description=f"Atelier handler {name}")

    def _accept_findings(self) -> None:
        accept_prefixes(
            self.role,
            because="Objects, jobs and endpoints are made while the service runs: a prefix of ours is the narrowest name there is.",
        )
        accept(
            self.function,
            "AwsSolutions-L1",
            because="The code is tested on Python 3.13, which Lambda patches until 2029.",
        )
        accept(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            because="X-Ray takes trace segments from whoever may send them: its calls know no resource.",
        )


def observability(scope: Construct) -> dict[str, str]:
    """The settings of Powertools: logs, metrics and traces of a stage carry its name, ``atelier-{stage}``.

    Traces hold neither what a handler returned nor the text of an error: both can quote what a client sent.
    """
    return {
        "POWERTOOLS_SERVICE_NAME": f"atelier-{Stack.of(scope).tags.tag_values()['atelier:stage']}",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false",
        "POWERTOOLS_TRACER_CAPTURE_ERROR": "false",
    }
