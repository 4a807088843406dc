"""The account: whose it is, where, whether the CDK was bootstrapped there, and the role with which API Gateway writes its logs."""

from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from cli.advice import CHOOSE_REGION, SIGN_IN, advice
from cli.cdk import DEFAULT_QUALIFIER
from cli.doctor.diagnosis import Diagnosis, Mark
from cli.doctor.surroundings import Surroundings

BOOTSTRAP_VERSION = 6
"""The oldest bootstrap that the stacks accept: their templates check it too."""


def check_identity(around: Surroundings) -> Iterator[Diagnosis]:
    """Whether there are credentials and a region, and whether they are those that the stage may be deployed with."""
    placement, region = around.stage.placement, around.region
    if not region:
        yield Diagnosis(mark=Mark.TO_DEPLOY, what="region", says="none is set", do=CHOOSE_REGION)
        return
    try:
        caller = around.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        yield Diagnosis(mark=Mark.TO_DEPLOY, what="credentials", says=str(error), do=advice(error) or SIGN_IN)
        return
    for name, got in (("account", caller["Account"]), ("region", region)):
        wanted = getattr(placement, name)
        other = wanted not in ("", got)
        says = f"{got}, but the stage belongs to {wanted}" if other else got
        do = SIGN_IN if name == "account" else f"REGION={wanted}"
        yield Diagnosis(mark=Mark.TO_DEPLOY if other else Mark.GOOD, what=name, says=says, do=do if other else "")
    yield Diagnosis(mark=Mark.GOOD, what="credentials", says=caller["Arn"])


def check_bootstrap(around: Surroundings) -> Iterator[Diagnosis]:
    """Whether the CDK's bucket, repository and roles are there, and new enough."""
    name = f"/cdk-bootstrap/{around.stage.placement.qualifier or DEFAULT_QUALIFIER}/version"
    do = f"make bootstrap STAGE={around.stage.name}"
    ssm = around.client("ssm")
    try:
        version = int(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        yield Diagnosis(mark=Mark.TO_DEPLOY, what="bootstrap", says=f"not done in {around.region}: no {name}", do=do)
        return
    if version < BOOTSTRAP_VERSION:
        says = f"version {version}, needs {BOOTSTRAP_VERSION}"
        yield Diagnosis(mark=Mark.TO_DEPLOY, what="bootstrap", says=says, do=do)
        return
    yield Diagnosis(mark=Mark.GOOD, what="bootstrap", says=f"version {version}")
    yield from _check_rights(around)


def check_api_logs(around: Surroundings) -> Iterator[Diagnosis]:
    """The role with which API Gateway writes logs is one for all APIs of an account and region."""
    role = around.client("apigateway").get_account().get("cloudwatchRoleArn", "")
    if not role:
        yield Diagnosis(
            mark=Mark.GOOD, what="API logs", says="no role yet: deploying makes one for the account and region"
        )
        return
    iam = around.client("iam")
    try:
        iam.get_role(RoleName=role.rsplit("/", 1)[-1])
    except iam.exceptions.NoSuchEntityException:
        do = (
            "the first deployment of a stage sets a new one; else: aws apigateway update-account --patch-operations "
            "op=replace,path=/cloudwatchRoleArn,value=ARN of a role with the policy AmazonAPIGatewayPushToCloudWatchLogs"
        )
        yield Diagnosis(
            mark=Mark.TO_USE, what="API logs", says=f"{role} is gone: no API of this region writes logs", do=do
        )
        return
    yield Diagnosis(mark=Mark.GOOD, what="API logs", says=f"written as {role}")


def _check_rights(around: Surroundings) -> Iterator[Diagnosis]:
    """Whether the caller may take the role with which the CDK command deploys; without it the command uses the caller's own rights."""
    qualifier, region = around.stage.placement.qualifier or DEFAULT_QUALIFIER, around.region
    sts = around.client("sts")
    caller = sts.get_caller_identity()
    partition = caller["Arn"].split(":")[1]
    account = caller["Account"]
    role = f"arn:{partition}:iam::{account}:role/cdk-{qualifier}-deploy-role-{account}-{region}"
    try:
        sts.assume_role(RoleArn=role, RoleSessionName="atelier-doctor")
    except ClientError as error:
        do = "allow the caller sts:AssumeRole on the roles cdk-*, or deploy with rights of your own to everything in the templates"
        yield Diagnosis(mark=Mark.NOTE, what="rights", says=f"{role} cannot be taken: {error}", do=do)
        return
    yield Diagnosis(mark=Mark.GOOD, what="rights", says="the CDK's roles can be taken")
