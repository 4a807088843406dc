"""What executions make and costs money carries the stage's tags, and who makes it may tag it."""

from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.checks.machine_requests import requests
from infra.gate.finding import Finding
from infra.gate.machines import machines
from infra.gate.roles import allowed
from infra.gate.sources import Sources

_NAME = "tagging"
_MAKES = {
    "sagemaker:CreateEndpoint",
    "sagemaker:CreateEndpointConfig",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateModel",
    "sagemaker:CreateModelPackageGroup",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
}
_PAID = {"CreateProcessingJob", "CreateTrainingJob", "CreateHyperParameterTuningJob", "PutMetricAlarm"}
"""What states make that stands on the bill. The endpoints, which a handler makes, have their tags from HOSTING (server_settings)."""


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for role in assembly.of("AWS::IAM::Role"):
        granted = allowed(assembly, role)
        made = sorted(_MAKES & granted)
        if made and "sagemaker:AddTags" not in granted:
            wrong = f"it may {', '.join(made)}, and not tag what it makes"
            yield role.finding(_NAME, wrong, "Grant sagemaker:AddTags on the same names")
    for machine in machines(assembly):
        for state, operation, request in requests(assembly, machine):
            if operation in _PAID and "Tags" not in request:
                wrong = "it carries no tags, so its cost cannot be allocated"
                yield machine.finding(_NAME, state, wrong, "Send the stage's tags")
