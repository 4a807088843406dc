"""The deletion of people's data: when it is done, what it may remove, and what it is told."""

from bench.gate.changes import drop, granting, put, statement, swap, without
from bench.gate.mutant import Defect

_ROLE, _FUNCTION, _SCHEDULE = "Api/PeopleHandlerRoleDefaultPolicy", "Api/PeopleHandlerFunction", "Api/PeopleSchedule4"
_VARIABLES = "Properties.Environment.Variables"

MUTANTS = (
    Defect(
        name="nobody's data are deleted: the sweep is off", at=_SCHEDULE, change=put("Properties.State", "DISABLED")
    ),
    Defect(
        name="people's data are swept once in two days, after the day that is promised",
        at=_SCHEDULE,
        change=put("Properties.ScheduleExpression", "rate(2 days)"),
    ),
    Defect(
        name="people's data are swept once a day, of which the first may fail",
        at=_SCHEDULE,
        change=put("Properties.ScheduleExpression", "rate(1 day)"),
    ),
    Defect(
        name="people's data are swept on a Sunday",
        at=_SCHEDULE,
        change=put("Properties.ScheduleExpression", "cron(0 3 ? * SUN *)"),
    ),
    Defect(name="the sweep of people has no target", at=_SCHEDULE, change=put("Properties.Targets", [])),
    Defect(name="the sweep of people is gone", at=_SCHEDULE),
    Defect(
        name="the sweep of people calls another handler",
        at=_SCHEDULE,
        change=put("Properties.Targets.0.Arn", {"Fn::GetAtt": ["HandlerFunction", "Arn"]}),
    ),
    Defect(
        name="a sweep of people that cannot be called is lost",
        at=_SCHEDULE,
        change=drop("Properties.Targets.0.DeadLetterConfig"),
    ),
    Defect(name="the sweep of people may not be called", at="Api/PeopleScheduleAllow"),
    Defect(name="a failed sweep of people is lost", at="Api/PeopleHandlerAsynchronous"),
    Defect(name="nobody hears that deletions fail", at="Monitoring/DeletePeopleErrors"),
    Defect(name="a deletion has less time than it keeps to spare", at=_FUNCTION, change=put("Properties.Timeout", 30)),
    Defect(name="a deletion has no memory for a batch's rows", at=_FUNCTION, change=put("Properties.MemorySize", 128)),
    Defect(name="a deletion knows no batches", at=_FUNCTION, change=drop(f"{_VARIABLES}.BATCH_MACHINE_ARN")),
    Defect(
        name="a deletion stops batches in the machine of trainings",
        at=_FUNCTION,
        change=put(
            f"{_VARIABLES}.BATCH_MACHINE_ARN",
            {
                "Fn::GetStackOutput": {
                    "StackName": "atelier-dev-training",
                    "Region": {"Ref": "AWS::Region"},
                    "OutputName": "PublishOutputRefWorkflowMachine0C2E3460BBCF7843",
                }
            },
        ),
    ),
    Defect(
        name="a deletion takes the data bucket for the one of pictures",
        at=_FUNCTION,
        change=put(
            f"{_VARIABLES}.MEDIA_BUCKET",
            {
                "Fn::GetStackOutput": {
                    "StackName": "atelier-dev-storage",
                    "Region": {"Ref": "AWS::Region"},
                    "OutputName": "PublishOutputRefBucketsData941F65F00565F7BA",
                }
            },
        ),
    ),
    Defect(
        name="a deletion is told another stage's prefix",
        at=_FUNCTION,
        change=put(f"{_VARIABLES}.NAME_PREFIX", "atelier-prod"),
    ),
    Defect(name="a deletion finds nothing by its person", at=_ROLE, change=without("dynamodb:Query")),
    Defect(name="a deletion may not remove records", at=_ROLE, change=without("dynamodb:DeleteItem")),
    Defect(name="a deletion may not remove pictures", at=_ROLE, change=without("s3:DeleteObject")),
    Defect(name="a deletion leaves old versions", at=_ROLE, change=without("s3:DeleteObjectVersion")),
    Defect(name="a deletion sees no old versions", at=_ROLE, change=without("s3:ListBucketVersions")),
    Defect(name="a deletion leaves uploads", at=_ROLE, change=swap("/uploads/*", "/upload/*")),
    Defect(name="a deletion leaves what was painted", at=_ROLE, change=swap("/outputs/*", "/output/*")),
    Defect(name="a deletion leaves checkpoints", at=_ROLE, change=swap("/checkpoints/*", "/checkpoint/*")),
    Defect(name="a deletion may remove base models", at=_ROLE, change=swap("/styles/*", "/*")),
    Defect(
        name="a deletion may remove anything",
        at=_ROLE,
        change=statement("s3:DeleteObject", put("Resource", "*")),
    ),
    Defect(name="a deletion may empty the table", at=_ROLE, change=granting("dynamodb:Scan")),
    Defect(name="a deletion stops no run", at=_ROLE, change=without("states:StopExecution")),
    Defect(
        name="a deletion stops no batch",
        at=_ROLE,
        change=swap("execution:atelier-dev-batches:*", "execution:atelier-dev-batch:*"),
    ),
    Defect(
        name="a deletion may stop any execution",
        at=_ROLE,
        change=statement("states:StopExecution", put("Resource", "*")),
    ),
    Defect(name="a deletion leaves what jobs logged", at=_ROLE, change=without("logs:DeleteLogStream")),
    Defect(
        name="a deletion may remove the logs of every job of the account",
        at=_ROLE,
        change=statement("logs:DeleteLogStream", swap("log-stream:atelier-dev-*", "log-stream:*")),
    ),
    Defect(name="a deletion does not reject versions", at=_ROLE, change=without("sagemaker:UpdateModelPackage")),
    Defect(
        name="a batch lets no item go whose prediction is deleted",
        at=_ROLE,
        change=without("states:SendTaskSuccess", "states:SendTaskFailure"),
    ),
    Defect(name="whoever waits for a webhook is not told of a deletion", at=_ROLE, change=without("sns:Publish")),
    Defect(
        name="trainings by hand are asked for another consent than the stage demands",
        at="Training/HandlersPrepareFunction",
        change=put(f"{_VARIABLES}.CONSENT", "required"),
    ),
    Defect(
        name="the first state of a training may not note whom it shows",
        at="Training/HandlersPrepareRoleDefaultPolicy",
        change=without("dynamodb:PutItem"),
    ),
    Defect(
        name="a batch's items do not see who has withdrawn",
        at="Api/BatchesHandlersPaintItemRoleDefaultPolicy",
        change=without("dynamodb:BatchGetItem"),
    ),
)
