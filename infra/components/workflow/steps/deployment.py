"""From a published version to one that answers requests: its own endpoint if requested, a smoke test, and the removal of endpoints that
are needed no longer."""

from dataclasses import replace

from infra.components.access import (
    Statement,
    allow,
    answering,
    arn,
    deleting,
    encrypting_volumes,
    keeping,
    passing,
)
from infra.components.attributes import bucket_name, table_name
from infra.components.handler import Spec
from infra.components.json_text import json_text
from infra.components.workflow.flow import Flow
from infra.components.workflow.resources import Resources
from infra.components.workflow.step import Step, retry, variables
from infra.components.workflow.steps.endpoint_scaling import ACCEPTS_TARGETS, scaling_steps

SMOKE_TEST_SECONDS = 3600
"""An endpoint at zero wakes in 5 to 10 minutes, then loads its models."""

ENDPOINT_SECONDS = 3 * 3600
"""SageMaker itself gives up on a stuck endpoint after about an hour; a quota or a removal under way may be waited for before."""


def endpoint_steps(use: Resources) -> Flow:
    """An endpoint for one version of a style, which scales as the shared one does."""
    return (deploy_endpoint(use), *scaling_steps(use))


def deploy_endpoint(use: Resources) -> Step:
    """The endpoint itself."""
    spec = Spec(
        name="deploy_endpoint",
        environment={
            "TABLE_NAME": table_name(use.table),
            "HOSTING": json_text(use.hosting.to_json()),
        },
        grants=[
            keeping(use.table),
            answering(use.machine_arns[0]),
            passing(use.hosting.role_arn),
            # Whoever creates an endpoint with encrypted volumes must be allowed to grant the use of their key.
            encrypting_volumes(use.key),
            _endpoint_calls(f"{use.stage.prefix}-style-*"),
        ],
    )
    return use.handlers.wait(
        spec,
        name="DeployEndpoint",
        does="Create the version's own endpoint, and wait until it is in service or has failed",
        payload=variables("plan", "endpoint", "uri"),
        assign={"variant": "{% $states.result.variant %}"},
        seconds=ENDPOINT_SECONDS,
        # A failed endpoint of that name is being removed.
        busy=retry(["EndpointBusyError"], seconds=60, attempts=10, backoff=1),
    )


def undo_rollout(use: Resources) -> Step:
    """The endpoint of a rollout that failed, awake and perhaps without scaling, would be paid for by the hour."""
    step = _remove(use, "UndoRollout", "{% $endpoint = '' ? [] : [$endpoint] %}")
    return replace(step, does="Remove the endpoint of the version that does not answer")


def remove_left(use: Resources) -> Step:
    """The version that was promoted before keeps its endpoint: that is the way back."""
    step = _remove(use, "RemoveEndpoints", "{% $left %}")
    return replace(step, does="Remove the endpoints of versions that the style has left behind")


def _remove(use: Resources, name: str, endpoints: str) -> Step:
    spec = Spec(
        name="remove_endpoints",
        environment={},
        grants=[removal_calls(f"{use.stage.prefix}-style-*")],
        # A style has some versions, and each is some calls.
        seconds=300,
        accepts=ACCEPTS_TARGETS,
    )
    step = use.handlers.call(spec, name=name, does="", payload={"endpoints": endpoints})
    # Only an endpoint that is created, or has failed to be, can be deleted: SageMaker gives up after about an hour.
    return replace(step, retries=[retry(["EndpointBusyError"], seconds=300, attempts=12, backoff=1), *step.retries])


def _endpoint_calls(name: str) -> list[Statement]:
    model, config, endpoint = _hosted(name)
    return [
        allow(["sagemaker:CreateModel", "sagemaker:DescribeModel"], [model]),
        allow(["sagemaker:CreateEndpointConfig", "sagemaker:DescribeEndpointConfig"], [config, model]),
        allow(["sagemaker:CreateEndpoint"], [endpoint, config]),
        allow(["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint"], [endpoint]),
        allow(["sagemaker:AddTags"], [model, config, endpoint]),
    ]


def removal_calls(name: str) -> list[Statement]:
    """Delete endpoints of this name with all that they have; ``ACCEPTS_TARGETS`` goes with it."""
    model, config, endpoint = _hosted(name)
    # Deregistering a target removes the alarms that its target tracking policy has made.
    alarms = [arn("cloudwatch", f"alarm:{each}") for each in (name, f"TargetTracking-endpoint/{name}")]
    return [
        allow(["sagemaker:DescribeEndpoint", "sagemaker:DeleteEndpoint"], [endpoint]),
        allow(["sagemaker:DeleteEndpointConfig"], [config]),
        allow(["sagemaker:DeleteModel"], [model]),
        # AWS chooses the identifier in a scalable target's ARN, so the service is the narrowest resource that can be named.
        allow(
            ["application-autoscaling:DeregisterScalableTarget"], [arn("application-autoscaling", "scalable-target/*")]
        ),
        allow(["cloudwatch:DeleteAlarms"], alarms),
    ]


def _hosted(name: str) -> tuple[str, ...]:
    return tuple(arn("sagemaker", f"{kind}/{name}") for kind in ("model", "endpoint-config", "endpoint"))


def smoke_test(use: Resources) -> Step:
    """One request through the endpoint that will serve the version."""
    requests = "requests/*"
    spec = Spec(
        name="smoke_test",
        environment={
            "TABLE_NAME": table_name(use.table),
            "MEDIA_BUCKET": bucket_name(use.media_bucket),
            "ENDPOINT_NAME": use.endpoint.name,
            **use.handing_over.environment,
        },
        grants=[
            keeping(use.table),
            # Of one that was stored by an earlier release the request is dropped.
            deleting(use.media_bucket, requests),
            use.handing_over.grants,
        ],
    )
    return use.handlers.wait(
        spec,
        name="SmokeTest",
        does="Send one request through the endpoint, and wait for its answer",
        payload=variables("plan", "version", "endpoint"),
        seconds=SMOKE_TEST_SECONDS,
        busy=retry(["EndpointUnavailableError"], seconds=30, attempts=10, backoff=1),
    )
