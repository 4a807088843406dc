"""What batches' machine stands on: rights, environments, events and alarms."""

from bench.gate.changes import allowing, drop, granting, put, statement, swap, without
from bench.gate.mutant import Defect

_MACHINE = "Api/BatchesMachineRoleDefaultPolicy"
_PREPARE, _PAINT = "Api/BatchesHandlersPrepareBatch", "Api/BatchesHandlersPaintItem"
_REPORT, _SETTLE = "Api/BatchesHandlersReportBatch", "Api/BatchesHandlersSettleBatches"
_POLICY, _FUNCTION = "RoleDefaultPolicy", "Function"
_API = "Api/HandlerRoleDefaultPolicy"
_VARIABLES = "Properties.Environment.Variables"
_RULE = "Api/BatchesExecutionState7"

MUTANTS = (
    Defect(name="the map may not start its rows", at=_MACHINE, change=without("states:StartExecution")),
    Defect(name="the map may not stop its rows", at=_MACHINE, change=without("states:StopExecution")),
    Defect(
        name="the map may start any machine",
        at=_MACHINE,
        change=statement("states:StartExecution", put("Resource", "*")),
    ),
    Defect(name="the map may not read its rows", at=_MACHINE, change=without("s3:GetObject")),
    Defect(name="the map may not write its results", at=_MACHINE, change=without("s3:PutObject")),
    Defect(name="the map may not decrypt its rows", at=_MACHINE, change=without("kms:Decrypt")),
    Defect(name="the map may read what clients uploaded", at=_MACHINE, change=swap("/batches/*", "/*")),
    Defect(name="the map may call no handler", at=_MACHINE, change=without("lambda:InvokeFunction")),
    Defect(
        name="who prepares batches may not read what clients uploaded",
        at=_PREPARE + _POLICY,
        change=swap("/uploads/*", "/upload/*"),
    ),
    Defect(name="who prepares batches may not list uploads", at=_PREPARE + _POLICY, change=without("s3:ListBucket")),
    Defect(name="who prepares batches may not write rows", at=_PREPARE + _POLICY, change=without("s3:PutObject")),
    Defect(name="who prepares batches may not tell clients", at=_PREPARE + _POLICY, change=without("sns:Publish")),
    Defect(
        name="who prepares batches may paint", at=_PREPARE + _POLICY, change=granting("sagemaker:InvokeEndpointAsync")
    ),
    Defect(
        name="who paints a row may not answer for it",
        at=_PAINT + _POLICY,
        change=without("states:SendTaskSuccess", "states:SendTaskFailure"),
    ),
    Defect(
        name="who paints a row may answer for any machine",
        at=_PAINT + _POLICY,
        change=statement("states:SendTaskSuccess", put("Resource", "*")),
    ),
    Defect(name="who paints a row may not ask the API", at=_PAINT + _POLICY, change=without("lambda:InvokeFunction")),
    Defect(
        name="who paints a row may call another handler than the API's",
        at=_PAINT + _POLICY,
        change=swap("HandlerFunction0D87A48C", "AnswersHandlerFunction310BE575"),
    ),
    Defect(name="who paints a row may not remember it", at=_PAINT + _POLICY, change=without("dynamodb:PutItem")),
    Defect(
        name="who reports a batch may not read its predictions",
        at=_REPORT + _POLICY,
        change=without("dynamodb:BatchGetItem"),
    ),
    Defect(
        name="who reports a batch may read every picture", at=_REPORT + _POLICY, change=swap("/batches/*", "/outputs/*")
    ),
    Defect(
        name="who settles batches may not look what became of them",
        at=_SETTLE + _POLICY,
        change=without("states:DescribeExecution"),
    ),
    Defect(name="who settles batches may not look for them", at=_SETTLE + _POLICY, change=without("dynamodb:Query")),
    Defect(
        name="who settles batches looks in another index",
        at=_SETTLE + _POLICY,
        change=swap("/index/by_status", "/index/by_client"),
    ),
    Defect(
        name="who settles batches may not leave what it cannot do",
        at=_SETTLE + _POLICY,
        change=without("sqs:SendMessage"),
    ),
    Defect(
        name="who settles batches writes by another action",
        at=_SETTLE + _POLICY,
        change=allowing("dynamodb:PutItem", "dynamodb:UpdateItem"),
    ),
    Defect(
        name="the API may not start batches",
        at=_API,
        change=swap("stateMachine:atelier-dev-batches", "stateMachine:atelier-dev-batch"),
    ),
    Defect(
        name="the API may not look at batches",
        at=_API,
        change=swap("execution:atelier-dev-batches", "execution:atelier-dev-batch"),
    ),
    Defect(
        name="answers of rows' predictions reach no batch",
        at="Api/AnswersHandlerRoleDefaultPolicy",
        change=without("states:SendTaskSuccess"),
    ),
    Defect(name="who paints a row knows no API", at=_PAINT + _FUNCTION, change=drop(f"{_VARIABLES}.API_FUNCTION")),
    Defect(
        name="who paints a row asks another handler than the API's",
        at=_PAINT + _FUNCTION,
        change=put(f"{_VARIABLES}.API_FUNCTION", {"Ref": "AnswersHandlerFunction310BE575"}),
    ),
    Defect(
        name="who paints a row asks by itself",
        at=_PAINT + _FUNCTION,
        change=put(f"{_VARIABLES}.API_FUNCTION", {"Ref": "BatchesHandlersPaintItemFunction1583E26D"}),
    ),
    Defect(
        name="who prepares batches counts by another machine's pace",
        at=_PREPARE + _FUNCTION,
        change=swap("3968253", "39682530"),
    ),
    Defect(
        name="who prepares batches says another price",
        at=_PREPARE + _FUNCTION,
        change=put(f"{_VARIABLES}.SERVING_INSTANCE", "ml.g5.2xlarge"),
    ),
    Defect(
        name="who reports batches says another price",
        at=_REPORT + _FUNCTION,
        change=put(f"{_VARIABLES}.SERVING_INSTANCE", "ml.g5.2xlarge"),
    ),
    Defect(
        name="who prepares batches keeps them for another time",
        at=_PREPARE + _FUNCTION,
        change=put(f"{_VARIABLES}.MEDIA_DAYS", "3"),
    ),
    Defect(
        name="who prepares batches knows other clients",
        at=_PREPARE + _FUNCTION,
        change=swap('"manages":true', '"manages":false'),
    ),
    Defect(
        name="who prepares batches looks in the wrong bucket",
        at=_PREPARE + _FUNCTION,
        change=swap("PublishOutputRefBucketsModel7C46D9F9BF4739AA", "PublishOutputRefBucketsMedia5BAFF3AF1B9CBD7E"),
    ),
    Defect(
        name="who prepares batches has more time than its state",
        at=_PREPARE + _FUNCTION,
        change=put("Properties.Timeout", 900),
    ),
    Defect(
        name="who prepares batches runs another handler",
        at=_PREPARE + _FUNCTION,
        change=put("Properties.Handler", "atelier_ops.handlers.report_batch.handler"),
    ),
    Defect(
        name="who settles batches looks at the trainings' machine",
        at=_SETTLE + _FUNCTION,
        change=swap(":stateMachine:atelier-dev-batches", ":stateMachine:atelier-dev-training"),
    ),
    Defect(
        name="a batch that ran out of time is heard of by nobody",
        at=_RULE,
        change=put("Properties.EventPattern.detail.status", ["FAILED", "ABORTED"]),
    ),
    Defect(
        name="the batches' rule hears of every machine",
        at=_RULE,
        change=drop("Properties.EventPattern.detail.stateMachineArn"),
    ),
    Defect(name="the batches' rule is off", at=_RULE, change=put("Properties.State", "DISABLED")),
    Defect(
        name="nobody looks for batches that ended unheard",
        at="Api/BatchesSchedule2",
        change=put("Properties.ScheduleExpression", "rate(15 days)"),
    ),
    Defect(name="the batches' rule may call nobody", at="Api/BatchesExecutionStateAllow"),
    Defect(
        name="what the batches' rule could not deliver is lost",
        at=_RULE,
        change=drop("Properties.Targets.0.DeadLetterConfig"),
    ),
    Defect(name="what settling batches could not do is lost", at="Api/BatchesHandlersSettleBatchesAsynchronous"),
    Defect(name="no alarm tells of batches that fail", at="Monitoring/BatchesFailed"),
    Defect(
        name="the batches' alarm is about another machine",
        at="Monitoring/BatchesTimedOut",
        change=put("Properties.Dimensions.0.Value", {"Ref": "AWS::NoValue"}),
    ),
)
