"""A role that SageMaker assumes for one kind of container. It may pull the image, write logs and metrics, and use the stage's key."""

from collections.abc import Sequence

from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.components.access import Statement, allow, arn, encrypting_volumes, grant, service_principal, using
from infra.components.image import ContainerImage
from infra.components.network_rights import accept_joining, joining_hosts
from infra.nag import accept, accept_prefixes


class ExecutionRole(Construct):
    """``role`` of jobs or endpoints; ``grants`` are groups of statements about what their containers read and write.

    ``in_vpc`` lets SageMaker join their hosts to one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        image: ContainerImage,
        log_group: str,
        key: kms.IKey,
        in_vpc: bool,
        grants: Sequence[list[Statement]],
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(self, "Role", assumed_by=service_principal("sagemaker"), description=description)
        pulling, logging = _pulling(image.repository), _logging(log_group)
        joining = joining_hosts() if in_vpc else []
        grant(self.role, pulling, logging, _measuring(), *grants, using(key), encrypting_volumes(key), joining)
        if in_vpc:
            accept_joining(self.role)
        accept_prefixes(
            self.role,
            because="Objects are made while the service runs: a prefix of a bucket is the narrowest name there is.",
        )
        readable = f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:{log_group}"
        logs = "SageMaker names the log groups of its endpoints and the streams of its jobs."
        others = (
            "ecr:GetAuthorizationToken and cloudwatch:PutMetricData know no resources; "
            "the metrics are limited to the namespaces of SageMaker."
        )
        accept(self.role, {f"{readable}]": logs, f"{readable}:*]": logs, "AwsSolutions-IAM5[Resource::*]": others})


def _pulling(repository: ecr.IRepository) -> list[Statement]:
    """Pull the image. The right to log in knows no resource."""
    actions = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
    return [allow(actions, [repository.repository_arn]), allow(["ecr:GetAuthorizationToken"], ["*"])]


def _logging(log_group: str) -> list[Statement]:
    """SageMaker itself names the groups, and their streams by job and host."""
    group = arn("logs", f"log-group:{log_group}")
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return [allow(actions, [group, f"{group}:*"])]


def _measuring() -> list[Statement]:
    """PutMetricData has no resource; the namespace condition takes its place."""
    spaces = {"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker"]}}
    return [allow(["cloudwatch:PutMetricData"], ["*"], spaces)]
