"""What the states send is what the services take: operations, members, types, enumerations, patterns and ranges of botocore's models."""

import re
from collections.abc import Iterator
from typing import Any

from contracts.errors import InvalidInputError
from infra.gate.assembly import Assembly
from infra.gate.checks.machine_expressions import plan_of
from infra.gate.finding import Finding
from infra.gate.machines import Definition, integration, machines
from infra.gate.requests import problems
from infra.gate.sample import variables
from infra.gate.services import called, request_shape
from infra.gate.sources import Sources
from infra.gate.values import evaluate, realistic

_NAME = "machine requests"
_BLOBS = ("Payload", "Body")
_SYNC = re.compile(r"sagemaker:create\w+Job|states:startExecution")
_TOKEN = re.compile(r"lambda:invoke|sqs:sendMessage|sns:publish|events:putEvents|states:startExecution|aws-sdk:.*")
"""https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html: who can be waited for, and how."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for machine in machines(assembly):
        try:
            known = variables(machine, plan_of(machine))
        except InvalidInputError as error:
            remedy = "Mend what Prepare is handed, or, where contracts/plan.py has changed, infra/gate/sample.py"
            yield machine.finding(_NAME, "Prepare", f"no plan can be made of its payload: {error}", remedy)
            continue
        for name in machine.tasks:
            yield from _sent(assembly, machine, name, known)


def requests(assembly: Assembly, machine: Definition) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every state's name, the operation that it calls and what it sends in a run as it could be."""
    try:
        known = variables(machine, plan_of(machine))
    except InvalidInputError:
        return
    for name, state in machine.tasks.items():
        operation = called(integration(state))
        if operation:
            yield name, operation[1], evaluate(realistic(assembly, dict(state.get("Arguments", {}))), known)


def _sent(assembly: Assembly, machine: Definition, name: str, known: dict[str, object]) -> Iterator[Finding]:
    state = machine.tasks[name]
    resource = integration(state)
    operation = called(resource)
    if operation is None or not _can_wait(resource):
        wrong = f"nothing is called {resource}"
        yield machine.finding(_NAME, name, wrong, "Name an integration such as aws-sdk:sagemaker:createModel")
        return
    shape = request_shape(*operation)
    request = evaluate(realistic(assembly, dict(state.get("Arguments", {}))), known)
    # Blobs: Step Functions writes their JSON itself.
    blobs = {key: b"{}" for key in _BLOBS if key in request}
    for problem in problems(request | blobs, shape) if shape is not None else ():
        yield machine.finding(_NAME, name, problem, f"Send what {operation[1]} of {operation[0]} takes")


def _can_wait(resource: str) -> bool:
    """Whether the integration has the ending that it is written with, or has none."""
    call, _, mode = resource.partition(".")
    kinds = {"": re.compile(".*"), "sync": _SYNC, "waitForTaskToken": _TOKEN}
    return mode in kinds and kinds[mode].fullmatch(call) is not None
