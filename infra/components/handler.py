"""A Lambda function that runs one of our handlers, with its own role, its own log and nothing it does not need."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, DockerImage, Duration, ILocalBundling, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.components.access import grant, using
from infra.components.image import REPOSITORY_ROOT
from infra.components.log_retention import log_group
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
    """The code of every handler; CDK bundles it once and ties each use to the stack it is in."""
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
    """

    name: str
    environment: Mapping[str, str]
    grants: Sequence[list[iam.PolicyStatement]]
    seconds: int = 60
    memory_mib: int = 512
    accepts: Mapping[str, str] = field(default_factory=dict)


class Handler(Construct):
    """``function`` runs a spec's handler; its ``role`` may write its own log, use the key and do what the spec grants."""

    def __init__(self, scope: Construct, construct_id: str, *, spec: Spec, key: kms.IKey, log_days: int) -> None:
        super().__init__(scope, construct_id)
        self.name = spec.name
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Atelier handler {spec.name}",
        )
        log = log_group(self, "Log", log_days)
        log.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            handler=f"atelier_ops.handlers.{spec.name}.handler",
            code=handler_code(),
            layers=[packages_layer(self)],
            role=self.role,
            log_group=log,
            environment={**spec.environment, **observability(self)},
            tracing=lambda_.Tracing.ACTIVE,
            timeout=Duration.seconds(spec.seconds),
            memory_size=spec.memory_mib,
        )
        self.arn = self.function.function_arn
        grant(self.role, using(key), *spec.grants)
        accept_prefixes(
            self.role,
            because="Objects, jobs and endpoints are made while the service runs: a prefix of ours is the narrowest name there is.",
        )
        traces = "X-Ray takes trace segments from whoever may send them: its calls know no resource."
        accept(self.role, {"AwsSolutions-IAM5[Resource::*]": traces, **spec.accepts})
        runtime = "The code is tested on Python 3.13, which Lambda patches until 2029."
        accept(self.function, {"AwsSolutions-L1": runtime})


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
