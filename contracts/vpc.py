"""Where in a VPC the hosts of a job, a model or a function are."""

from typing import Annotated, ClassVar

from contracts.declarations import about
from contracts.model import Contract


class VpcConfig(Contract):
    """Subnets and security groups, which AWS wants together. They may still be references of a template."""

    document: ClassVar[str] = "vpc"

    subnets: Annotated[list[str], about("the subnets, each in a zone of its own")]
    security_groups: Annotated[list[str], about("the security groups of every network interface")]

    def request(self) -> dict[str, list[str]]:
        """As SageMaker's requests spell it, and CloudFormation's models."""
        return {"SecurityGroupIds": list(self.security_groups), "Subnets": list(self.subnets)}
