"""Places: a region, an account or a partition that is written out instead of taken from where the stack is deployed."""

from bench.gate.changes import put, written_out
from bench.gate.mutant import Defect, Slip

_REGION, _ACCOUNT, _PARTITION = (
    written_out("AWS::Region", "us-east-1"),
    written_out("AWS::AccountId", "123456789012"),
    written_out("AWS::Partition", "aws"),
)

MUTANTS = (
    Defect(name="the dashboard shows another region", at="Monitoring/Dashboard", change=_REGION),
    Defect(name="the machine may act in one region only", at="Training/WorkflowRoleDefaultPolicy", change=_REGION),
    Defect(name="SageMaker assumes the jobs' role for another account only", at="Training/JobRoleA", change=_ACCOUNT),
    Defect(name="the key is administered by another account", at="Storage/BucketsKey", change=_ACCOUNT),
    Defect(
        name="the endpoint's role has rights in another account",
        at="Serving/RoleDefaultPolicy",
        change=_ACCOUNT,
    ),
    Defect(name="the machine calls services of one partition only", at="Training/WorkflowMachine", change=_PARTITION),
    Defect(
        name="the deployer has rights in one partition only",
        at="Training/HandlersDeployEndpointRoleDefaultPolicy",
        change=_PARTITION,
    ),
    Defect(name="the API is let through in one region only", at="Api/RestApiApiPermission", change=_REGION),
    Defect(
        name="a variable of a handler names a region",
        at="Training/HandlersGateFunction",
        change=put("Properties.Environment.Variables.DATA_BUCKET", "atelier-dev-data-eu-west-1"),
    ),
    Slip(
        name="a message names a region",
        at="lambdas/atelier_ops/logic/approval.py",
        old='package.split(":")[3]',
        new='"eu-west-1"',
    ),
    Slip(
        name="a name is made with one partition",
        at="lambdas/atelier_ops/gateways/topic.py",
        old="self._arn = ",
        new='self._arn = "arn:aws:sns" and ',
    ),
)
