"""What executions make outside the templates: found by the stage's prefix, and removed one by one."""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from cli.account import Client


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """One thing to remove: what it is, for people, and how."""

    kind: str
    name: str
    remove: Callable[[], object]


def made_by_executions(client: Client, prefix: str, owned: Collection[str], *, keep_versions: bool) -> list[Leftover]:
    """Runs and jobs that go on, and every resource whose name begins with ``prefix``, in an order in which they can be removed.

    ``owned`` are names of the templates' own resources. ``keep_versions`` keeps the model registry: a new version is numbered by it, so
    it must live as long as the published files do.
    """
    finders = [_executions, _jobs, _endpoints, _configs, _models, _alarms]
    finders += [] if keep_versions else [_versions, _groups]
    found = [leftover for finder in finders for leftover in finder(client, f"{prefix}-")]
    return [leftover for leftover in found if leftover.name not in owned]


def logs(client: Client, prefix: str, endpoints: Collection[str], apis: Collection[str]) -> list[Leftover]:
    """Log groups that AWS itself made for the stage, and the stage's streams in the groups that all jobs of an account share."""
    service = client("logs")
    wanted = [f"/aws/lambda/{prefix}-", f"/aws/sagemaker/Endpoints/{prefix}-"]
    wanted += [f"/aws/sagemaker/Endpoints/{name}" for name in endpoints]
    wanted += [f"API-Gateway-Execution-Logs_{name}/" for name in apis]
    groups = {
        group["logGroupName"]
        for start in wanted
        for group in _pages(service, "describe_log_groups", "logGroups", logGroupNamePrefix=start)
    }
    found = [_leftover("log group", name, service.delete_log_group, logGroupName=name) for name in sorted(groups)]
    for shared in ("/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs"):
        with suppress(service.exceptions.ResourceNotFoundException):
            where = {"logGroupName": shared, "logStreamNamePrefix": f"{prefix}-"}
            for stream in _pages(service, "describe_log_streams", "logStreams", **where):
                name = stream["logStreamName"]
                remove = partial(service.delete_log_stream, logGroupName=shared, logStreamName=name)
                found.append(Leftover(kind="log stream", name=f"{shared}/{name}", remove=remove))
    return found


def _executions(client: Client, prefix: str) -> Iterator[Leftover]:
    states = client("stepfunctions")
    for machine in _pages(states, "list_state_machines", "stateMachines"):
        if machine["name"].startswith(prefix):
            running = {"stateMachineArn": machine["stateMachineArn"], "statusFilter": "RUNNING"}
            for execution in _pages(states, "list_executions", "executions", **running):
                arn = execution["executionArn"]
                yield _leftover("running execution", execution["name"], states.stop_execution, executionArn=arn)


def _jobs(client: Client, prefix: str) -> Iterator[Leftover]:
    sagemaker = client("sagemaker")
    for kind in ("Training", "Processing"):
        stop = getattr(sagemaker, f"stop_{kind.lower()}_job")
        for name in _names(sagemaker, f"{kind}Job", prefix, StatusEquals="InProgress"):
            yield _leftover(f"running {kind.lower()} job", name, stop, **{f"{kind}JobName": name})


def _endpoints(client: Client, prefix: str) -> Iterator[Leftover]:
    sagemaker = client("sagemaker")
    for name in _names(sagemaker, "Endpoint", prefix):
        yield Leftover(kind="endpoint", name=name, remove=partial(_delete_endpoint, client, name))


def _delete_endpoint(client: Client, name: str) -> None:
    """Its scalable target first: one that stays behind would hold an endpoint of the same name that is made later."""
    scaling, dimension = client("application-autoscaling"), "sagemaker:variant:DesiredInstanceCount"
    variants = client("sagemaker").describe_endpoint(EndpointName=name).get("ProductionVariants", [])
    for resource in [f"endpoint/{name}/variant/{variant['VariantName']}" for variant in variants]:
        with suppress(scaling.exceptions.ObjectNotFoundException):
            scaling.deregister_scalable_target(
                ServiceNamespace="sagemaker", ResourceId=resource, ScalableDimension=dimension
            )
    client("sagemaker").delete_endpoint(EndpointName=name)


def _configs(client: Client, prefix: str) -> Iterator[Leftover]:
    sagemaker = client("sagemaker")
    for name in _names(sagemaker, "EndpointConfig", prefix):
        yield _leftover("endpoint configuration", name, sagemaker.delete_endpoint_config, EndpointConfigName=name)


def _models(client: Client, prefix: str) -> Iterator[Leftover]:
    sagemaker = client("sagemaker")
    for name in _names(sagemaker, "Model", prefix):
        yield _leftover("model", name, sagemaker.delete_model, ModelName=name)


def _alarms(client: Client, prefix: str) -> Iterator[Leftover]:
    cloudwatch = client("cloudwatch")
    for alarm in _pages(cloudwatch, "describe_alarms", "MetricAlarms", AlarmNamePrefix=prefix):
        name = alarm["AlarmName"]
        yield _leftover("alarm", name, cloudwatch.delete_alarms, AlarmNames=[name])


def _versions(client: Client, prefix: str) -> Iterator[Leftover]:
    sagemaker = client("sagemaker")
    for group in _names(sagemaker, "ModelPackageGroup", prefix):
        for package in _pages(sagemaker, "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=group):
            arn = package["ModelPackageArn"]
            name = f"{group}/{arn.rpartition('/')[2]}"
            yield _leftover("model package", name, sagemaker.delete_model_package, ModelPackageName=arn)


def _groups(client: Client, prefix: str) -> Iterator[Leftover]:
    sagemaker = client("sagemaker")
    for name in _names(sagemaker, "ModelPackageGroup", prefix):
        remove = sagemaker.delete_model_package_group
        yield _leftover("model package group", name, remove, ModelPackageGroupName=name)


def _names(sagemaker: Any, resource: str, prefix: str, **filters: str) -> list[str]:
    """The names of SageMaker's resources of a type that begin with ``prefix``."""
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in resource)
    summaries = "ModelPackageGroupSummaryList" if resource == "ModelPackageGroup" else None
    member = summaries or (f"{resource}Summaries" if resource.endswith("Job") else f"{resource}s")
    found = _pages(sagemaker, f"list{snake}s", member, NameContains=prefix, **filters)
    return [entry[f"{resource}Name"] for entry in found if entry[f"{resource}Name"].startswith(prefix)]


def _pages(service: Any, operation: str, member: str, **request: Any) -> list[dict[str, Any]]:
    """Everything that a List or Describe operation answers, read to its end before anything of it is removed."""
    return [entry for page in service.get_paginator(operation).paginate(**request) for entry in page[member]]


def _leftover(kind: str, name: str, operation: Callable[..., object], **request: Any) -> Leftover:
    return Leftover(kind=kind, name=name, remove=partial(operation, **request))
