"""Functions: runtime, time, memory, environment, logs, layers."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_API = "Api/HandlerFunction"
_DEPLOY = "Training/HandlersDeployEndpointFunction"
_VARIABLES = "Properties.Environment.Variables"

MUTANTS = (
    Defect(
        name="a runtime that is at its end",
        at="Training/HandlersGateFunction",
        change=put("Properties.Runtime", "python3.8"),
    ),
    Defect(
        name="a runtime that does not exist",
        at="Training/HandlersGateFunction",
        change=put("Properties.Runtime", "python3.99"),
    ),
    Defect(
        name="a runtime that its layer is not made for",
        at="Training/HandlersGateFunction",
        change=put("Properties.Runtime", "python3.12"),
    ),
    Defect(
        name="a processor that the layer is not made for",
        at="Training/HandlersGateFunction",
        change=put("Properties.Architectures", ["x86_64"]),
    ),
    Defect(
        name="a log is not encrypted with our key",
        at="Training/HandlersGateLog",
        change=drop("Properties.KmsKeyId"),
    ),
    Defect(name="a function has no layer", at="Training/HandlersGateFunction", change=drop("Properties.Layers")),
    Defect(
        name="a handler is misspelt",
        at="Training/HandlersGateFunction",
        change=swap("atelier_ops.handlers.gate.handler", "atelier_ops.handlers.gates.handler"),
    ),
    Defect(
        name="a handler's function is misspelt",
        at="Training/HandlersGateFunction",
        change=swap("handlers.gate.handler", "handlers.gate.handle"),
    ),
    Defect(name="the API's handler outlives API Gateway's patience", at=_API, change=put("Properties.Timeout", 60)),
    Defect(
        name="a function may run longer than Lambda allows",
        at="Training/HandlersPublishFunction",
        change=put("Properties.Timeout", 1200),
    ),
    Defect(name="a function has more memory than Lambda has", at=_API, change=put("Properties.MemorySize", 20000)),
    Defect(
        name="a function has too little memory",
        at="Training/HandlersGateFunction",
        change=put("Properties.MemorySize", 64),
    ),
    Defect(name="a variable that the handler reads is gone", at=_API, change=drop(f"{_VARIABLES}.SERVED_BASE")),
    Defect(name="a variable is misspelt", at=_API, change=swap("STATE_MACHINE_ARN", "STATEMACHINE_ARN")),
    Defect(
        name="a variable that nothing reads",
        at="Training/HandlersGateFunction",
        change=put(f"{_VARIABLES}.MODEL_BUCKET", "x"),
    ),
    Defect(name="a variable is empty", at=_API, change=put(f"{_VARIABLES}.SERVED_BASE", "")),
    Defect(
        name="two buckets are confused",
        at=_API,
        change=put(
            f"{_VARIABLES}.DATA_BUCKET",
            {
                "Fn::GetStackOutput": {
                    "StackName": "atelier-dev-storage",
                    "OutputName": "PublishOutputRefBucketsMedia5BAFF3AF1B9CBD7E",
                }
            },
        ),
    ),
    Defect(
        name="a topic's variable is a bucket's name",
        at="Training/HandlersRecordFailureFunction",
        change=put(
            f"{_VARIABLES}.TOPIC_ARN",
            {
                "Fn::GetStackOutput": {
                    "StackName": "atelier-dev-storage",
                    "OutputName": "PublishOutputRefBucketsMedia5BAFF3AF1B9CBD7E",
                }
            },
        ),
    ),
    Defect(
        name="a reference to an output that no stack has",
        at=_API,
        change=swap("PublishOutputRefRecordsTable", "PublishOutputRefRecordTable"),
    ),
    Defect(
        name="a variable that Lambda keeps for itself",
        at="Training/HandlersGateFunction",
        change=put(f"{_VARIABLES}.AWS_REGION", "us-east-1"),
    ),
    Defect(
        name="names made at run time begin with another stage's prefix",
        at=_API,
        change=put(f"{_VARIABLES}.NAME_PREFIX", "atelier-trial"),
    ),
    Defect(
        name="the base model offered is not one that is mirrored",
        at="Training/HandlersPrepareFunction",
        change=swap("sd15-inpaint@", "sd14-inpaint@"),
    ),
    Defect(
        name="what styles' endpoints have in common is no JSON",
        at=_DEPLOY,
        change=swap('"instance_type":', '"instance_type"'),
    ),
    Defect(
        name="styles' endpoints run on another machine than the stage says",
        at=_DEPLOY,
        change=swap("ml.g5.xlarge", "ml.g5.48xlarge"),
    ),
    Defect(
        name="a setting of styles' endpoints is misspelt", at=_DEPLOY, change=swap("startup_seconds", "start_seconds")
    ),
    Defect(
        name="logs are written to a group that CloudFormation does not know",
        at="Training/HandlersGateFunction",
        change=drop("Properties.LoggingConfig"),
    ),
    Defect(name="a log is kept for ever", at="Training/HandlersGateLog", change=drop("Properties.RetentionInDays")),
    Defect(
        name="a log is kept for a time that CloudWatch does not offer",
        at="Training/HandlersGateLog",
        change=put("Properties.RetentionInDays", 31),
    ),
    Defect(
        name="a log is kept for another time than the stage says",
        at="Training/HandlersGateLog",
        change=put("Properties.RetentionInDays", 3653),
    ),
    Defect(
        name="a log stays when its stage goes", at="Training/HandlersGateLog", change=put("DeletionPolicy", "Retain")
    ),
    Defect(
        name="a function is not traced", at="Training/HandlersGateFunction", change=drop("Properties.TracingConfig")
    ),
    Defect(
        name="traces hold what handlers return",
        at=_API,
        change=put(f"{_VARIABLES}.POWERTOOLS_TRACER_CAPTURE_RESPONSE", "true"),
    ),
    Defect(
        name="a function has another's role",
        at="Training/HandlersGateFunction",
        change=put("Properties.Role", {"Fn::GetAtt": ["HandlersPrepareRole9660A756", "Arn"]}),
    ),
    Defect(
        name="all of an account's concurrency is one function's",
        at=_API,
        change=put("Properties.ReservedConcurrentExecutions", 1000),
    ),
    Defect(name="a function that is never run", at=_API, change=put("Properties.ReservedConcurrentExecutions", 0)),
    Defect(
        name="versions' endpoints are not tagged",
        at=_DEPLOY,
        change=swap('"tags":{"atelier:stage":"dev"}', '"tags":{}'),
    ),
)
