"""A role that SageMaker assumes for one kind of container. It may pull the image and write logs and metrics, and nothing else yet."""

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.components.access import allow, encrypting_volumes
from infra.components.image import ContainerImage
from infra.nag import accept, accept_prefixes


class ExecutionRole(Construct):
    """``role`` of a job or endpoint; what its containers read and write is granted by whoever wires it."""

    def __init__(
        self, scope: Construct, construct_id: str, *, description: str, image: ContainerImage, log_group: str
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"), description=description
        )
        image.grant_pull(self.role)
        self._allow_logs(log_group)
        self._allow_metrics()
        accept_prefixes(
            self.role,
            because="Objects are made while the service runs: a prefix of a bucket is the narrowest name there is.",
        )
        accept(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            because="ecr:GetAuthorizationToken and cloudwatch:PutMetricData know no resources; "
            "the metrics are limited to the namespaces of SageMaker.",
        )

    def grant(self, *statements: list[iam.PolicyStatement]) -> None:
        """Let the containers do what these groups of statements allow (``infra.components.access``)."""
        for group in statements:
            for statement in group:
                self.role.add_to_policy(statement)

    def grant_volumes(self, key: kms.IKey) -> None:
        """Let SageMaker encrypt the volumes of this role's instances with the key."""
        self.grant(encrypting_volumes(key))

    def _allow_logs(self, log_group: str) -> None:
        group = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:{log_group}"
        readable = f"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:{log_group}"
        for finding in (readable, f"{readable}:*"):
            accept(
                self.role,
                f"AwsSolutions-IAM5[Resource::{finding}]",
                because="SageMaker names the log groups of its endpoints and the streams of its jobs.",
            )
        actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        # SageMaker itself names the groups, and their streams by job and host.
        self.role.add_to_policy(allow(actions, [group, f"{group}:*"]))

    def _allow_metrics(self) -> None:
        statement = iam.PolicyStatement(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],  # PutMetricData has no resource; the namespace condition takes its place.
            conditions={"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*", "AWS/SageMaker"]}},
        )
        self.role.add_to_policy(statement)
