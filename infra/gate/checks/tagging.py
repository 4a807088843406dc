"""Who makes what costs money may tag it: a create call with tags needs ``sagemaker:AddTags`` too."""

from collections.abc import Iterator

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.roles import allowed
from infra.gate.sources import Sources

_NAME = "tagging"
_MAKES = {
    "sagemaker:CreateEndpoint",
    "sagemaker:CreateEndpointConfig",
    "sagemaker:CreateModel",
    "sagemaker:CreateModelPackageGroup",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
}


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    for role in assembly.of("AWS::IAM::Role"):
        granted = allowed(assembly, role)
        made = sorted(_MAKES & granted)
        if made and "sagemaker:AddTags" not in granted:
            wrong = f"it may {', '.join(made)}, and not tag what it makes"
            yield role.finding(_NAME, wrong, "Grant sagemaker:AddTags on the same names")
