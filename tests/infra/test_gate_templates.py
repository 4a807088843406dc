"""The gate and templates: one defect in a resource is named, with the resource and its construct."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.infra.conftest import Synthesized
from tests.infra.mutants import Change, asked, changed, drop, put

P = "Properties"
BUCKET, TABLE, ROLE_POLICY, FUNCTION = (
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::IAM::Policy",
    "AWS::Lambda::Function",
)
TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
ALARM, RULE, PERMISSION = "AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::Lambda::Permission"
CONFIG, MODEL, METHOD = "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Model", "AWS::ApiGateway::Method"
VARIABLES = (P, "Environment", "Variables")
TRACKING = (P, "TargetTrackingScalingPolicyConfiguration")
STEPS = (P, "StepScalingPolicyConfiguration")
RESPONSE, SAID, HEADER = "AWS::ApiGateway::GatewayResponse", (P, "ResponseParameters"), "gatewayresponse.header."
PROBLEM = json.dumps({"type": "", "title": "", "status": 503, "detail": "a", "instance": "", "error": {"message": "b"}})
ASYNC = (P, "AsyncInferenceConfig", "OutputConfig")


def without(action: str) -> Change:
    """A policy without one action."""

    def change(body: dict[str, Any]) -> None:
        for statement in body[P]["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            statement["Action"] = [each for each in actions if each != action]

    return change


def also(action: str, resource: Any = "*", **more: Any) -> Change:
    """A policy with one more statement."""

    def change(body: dict[str, Any]) -> None:
        body[P]["PolicyDocument"]["Statement"].append(
            {"Effect": "Allow", "Action": action, "Resource": resource, **more}
        )

    return change


def other_variant(body: dict[str, Any]) -> None:
    """A scalable target of a variant that the endpoint does not have."""
    body[P]["ResourceId"]["Fn::Join"][1][-1] = "/variant/Main"


DEFECTS: list[tuple[str, str, Change, str, str]] = [
    # kind, how its name begins, the defect, the check, and what it says
    (BUCKET, "Storage/BucketsData", drop("DeletionPolicy"), "storage", "its DeletionPolicy is None, and keep_data"),
    (
        BUCKET,
        "Storage/BucketsData",
        put("UpdateReplacePolicy", value="Delete"),
        "storage",
        "its UpdateReplacePolicy is",
    ),
    (BUCKET, "Storage/BucketsData", drop(P, "BucketEncryption"), "storage", "its encryption is"),
    (BUCKET, "Storage/BucketsData", drop(P, "PublicAccessBlockConfiguration"), "storage", "public access"),
    (BUCKET, "Storage/BucketsData", drop(P, "VersioningConfiguration"), "storage", "versioning is off"),
    (BUCKET, "Storage/BucketsMedia", drop(P, "LifecycleConfiguration"), "storage", "nothing in it is ever deleted"),
    (
        BUCKET,
        "Storage/BucketsMedia",
        put(P, "LifecycleConfiguration", "Rules", 0, "ExpirationInDays", value=3),
        "storage",
        "media is kept for 3 days",
    ),
    (
        BUCKET,
        "Storage/BucketsData",
        put(P, "LifecycleConfiguration", "Rules", 0, "ExpirationInDays", value=3),
        "storage",
        "everything in it is deleted after 3 days",
    ),
    (
        "AWS::S3::BucketPolicy",
        "Storage/BucketsData",
        put(P, "PolicyDocument", "Statement", value=[]),
        "storage",
        "SecureTransport",
    ),
    (TABLE, "", drop(P, "DeletionProtectionEnabled"), "storage", "it can be deleted by hand"),
    (TABLE, "", drop(P, "PointInTimeRecoverySpecification"), "storage", "it cannot be restored"),
    ("AWS::KMS::Key", "Storage/Buckets", put(P, "EnableKeyRotation", value=False), "storage", "it does not rotate"),
    ("AWS::SNS::Topic", "Training/News", drop(P, "KmsMasterKeyId"), "storage", "its KmsMasterKeyId is no key"),
    (TABLE, "", put(P, "TimeToLiveSpecification", "AttributeName", value="expires"), "lifetimes", "deletes by expires"),
    (TABLE, "", put(P, "KeySchema", 0, "AttributeName", value="id"), "lifetimes", "its key is id"),
    (
        BUCKET,
        "Storage/BucketsMedia",
        put(P, "LifecycleConfiguration", "Rules", 0, "ExpirationInDays", value=0.1),
        "lifetimes",
        "WAIT_IN_QUEUE still promises",
    ),
    # roles
    (ROLE_POLICY, "Training/HandlersPublish", without("s3:PutObject"), "handler rights", "may not s3:PutObject"),
    (
        ROLE_POLICY,
        "Training/HandlersDeployEndpoint",
        without("kms:CreateGrant"),
        "handler rights",
        "may not kms:CreateGrant",
    ),
    (ROLE_POLICY, "Training/HandlersDeployEndpoint", without("iam:PassRole"), "handler rights", "may not iam:PassRole"),
    (
        ROLE_POLICY,
        "Training/HandlersGate",
        also("sns:Publish"),
        "handler rights",
        "sns:Publish is granted, but no call",
    ),
    (ROLE_POLICY, "Training/HandlersGate", without("logs:PutLogEvents"), "handler rights", "may not logs:PutLogEvents"),
    (ROLE_POLICY, "Training/WorkflowRole", without("events:PutRule"), "machine rights", "but may not events:PutRule"),
    (ROLE_POLICY, "Training/WorkflowRole", also("s3:DeleteObject"), "machine rights", "s3:DeleteObject is granted"),
    (ROLE_POLICY, "Training/WorkflowRole", without("xray:PutTraceSegments"), "machine rights", "xray:PutTraceSegments"),
    (ROLE_POLICY, "Training/HandlersGate", also("s3:*"), "statements", "it grants s3:*"),
    (ROLE_POLICY, "Training/HandlersGate", also("s3:GetObjects"), "statements", "IAM knows no action s3:GetObjects"),
    (
        ROLE_POLICY,
        "Training/HandlersGate",
        also("s3:GetObject"),
        "statements",
        "s3:GetObject is granted on every resource",
    ),
    (
        ROLE_POLICY,
        "Training/HandlersGate",
        also("sagemaker:CreateModel", "arn:aws:sagemaker:us-east-1:123456789012:endpoint/atelier-dev-x"),
        "statements",
        "and applies to none of them",
    ),
    (
        ROLE_POLICY,
        "Training/HandlersGate",
        also("iam:PassRole", "arn:aws:iam::123456789012:role/x"),
        "statements",
        "iam:PassRole is granted without the condition",
    ),
    (
        "AWS::IAM::Role",
        "Training/HandlersGate",
        put(P, "AssumeRolePolicyDocument", "Statement", 0, "Principal", "Service", value="states.amazonaws.com"),
        "statements",
        "Training/HandlersGateFunction",
    ),
    (
        "AWS::IAM::Role",
        "Serving/Role",
        drop(P, "AssumeRolePolicyDocument", "Statement", 0, "Condition"),
        "statements",
        "any account's behalf",
    ),
    # functions
    (FUNCTION, "Training/HandlersGate", put(P, "Runtime", value="python3.8"), "functions", "python3.8 is at its end"),
    (FUNCTION, "Training/HandlersGate", put(P, "Architectures", value=["x86_64"]), "functions", "its packages are for"),
    (FUNCTION, "Training/HandlersGate", drop(P, "Layers"), "functions", "it has no layer"),
    (FUNCTION, "Training/HandlersGate", drop(P, "LoggingConfig"), "functions", "its log never ends"),
    (FUNCTION, "Training/HandlersGate", drop(P, "TracingConfig"), "functions", "its calls are not traced"),
    (FUNCTION, "Api/Handler", put(P, "Timeout", value=60), "functions", "API Gateway waits 29 s"),
    ("AWS::Logs::LogGroup", "Training/HandlersGate", drop(P, "RetentionInDays"), "functions", "it is kept for ever"),
    (
        FUNCTION,
        "Training/HandlersGate",
        put(*VARIABLES, "DATA_BUKET", value="x"),
        "handler environment",
        "DATA_BUKET is set",
    ),
    (FUNCTION, "Training/HandlersGate", drop(*VARIABLES, "DATA_BUCKET"), "handler environment", "reads DATA_BUCKET"),
    (
        FUNCTION,
        "Training/HandlersGate",
        put(*VARIABLES, "DATA_BUCKET", value="<Storage/BucketsMedia5BAFF3AF>"),
        "handler environment",
        "DATA_BUCKET is Storage/BucketsMedia5BAFF3AF, which is no AWS::S3::Bucket BucketsData",
    ),
    (
        FUNCTION,
        "Training/HandlersGate",
        put(P, "Handler", value="atelier_ops.handlers.gat.handler"),
        "handler environment",
        "does not exist",
    ),
    # scaling
    (
        TARGET,
        "",
        other_variant,
        "scaling",
        "its variant is Main",
    ),
    (TARGET, "", put(P, "MaxCapacity", value=9), "scaling", "the stage says 0 to 2"),
    (TARGET, "", put(P, "ScalableDimension", value="sagemaker:variant:Count"), "scaling", "its ScalableDimension"),
    (
        POLICY,
        "Serving/EndpointScalingBacklog",
        put(*TRACKING, "TargetValue", value=400),
        "scaling",
        "its TargetValue is 400",
    ),
    (
        POLICY,
        "Serving/EndpointScalingBacklog",
        put(*TRACKING, "DisableScaleIn", value=True),
        "scaling",
        "DisableScaleIn",
    ),
    (
        POLICY,
        "Serving/EndpointScalingWake",
        put(*STEPS, "AdjustmentType", value="ChangeInCapacity"),
        "scaling",
        "is ChangeInCapacity",
    ),
    (
        POLICY,
        "Serving/EndpointScalingWake",
        put(*STEPS, "StepAdjustments", 0, "ScalingAdjustment", value=0),
        "scaling",
        "starts one",
    ),
    (
        ALARM,
        "Serving/EndpointScalingWakeAlarm",
        put(P, "AlarmActions", value=[]),
        "scaling",
        "it goes to zero, and no alarm",
    ),
    (ALARM, "Serving/EndpointScalingWakeAlarm", put(P, "Threshold", value=2), "scaling", "does not go off at 1"),
    # metrics
    (
        ALARM,
        "Serving/EndpointScalingWakeAlarm",
        put(P, "MetricName", value="HasBacklog"),
        "metrics",
        "no metric HasBacklog",
    ),
    (
        ALARM,
        "Serving/EndpointScalingWakeAlarm",
        put(P, "Namespace", value="AWS/Sagemaker"),
        "metrics",
        "nothing is published",
    ),
    (
        ALARM,
        "Serving/EndpointScalingWakeAlarm",
        put(P, "Dimensions", value=[{"Name": "EndpointName", "Value": "x"}, {"Name": "VariantName", "Value": "y"}]),
        "metrics",
        "has no values under EndpointName and VariantName",
    ),
    (ALARM, "Serving/EndpointScalingWakeAlarm", put(P, "Statistic", value="SampleCount"), "metrics", "SampleCount of"),
    (
        ALARM,
        "Serving/EndpointScalingWakeAlarm",
        put(P, "DatapointsToAlarm", value=5),
        "metrics",
        "can never be reached",
    ),
    (ALARM, "Serving/EndpointScalingWakeAlarm", put(P, "ActionsEnabled", value=False), "metrics", "does nothing"),
    (
        POLICY,
        "Serving/EndpointScalingBacklog",
        put(*TRACKING, "CustomizedMetricSpecification", "MetricName", value="Backlog"),
        "metrics",
        "no metric Backlog",
    ),
    # events and callers
    (
        RULE,
        "Training/SettlementPackage",
        put(P, "EventPattern", "detail-type", 0, value="SageMaker Model State"),
        "events",
        "no event",
    ),
    (RULE, "Training/SettlementPackage", put(P, "EventPattern", "detail", value={}), "events", "of everybody's"),
    (
        RULE,
        "Training/SettlementPackage",
        put(P, "EventPattern", "detail", "GroupName", value=["x"]),
        "events",
        "detail.GroupName",
    ),
    (RULE, "Training/SettlementPackage", put(P, "State", value="DISABLED"), "events", "it is not enabled"),
    (RULE, "Training/SettlementPackage", put(P, "Targets", value=[]), "events", "it has no targets"),
    (
        PERMISSION,
        "Training/SettlementPackage",
        put(P, "Principal", value="sns.amazonaws.com"),
        "callers",
        "nothing of that kind",
    ),
    (PERMISSION, "Training/SettlementPackage", drop(P, "SourceArn"), "callers", "of any account may call"),
    (
        PERMISSION,
        "Api/Answers",
        put(P, "SourceArn", value="<Training/NewsE995708C>"),
        "callers",
        "does not let sns.amazonaws.com",
    ),
    (
        PERMISSION,
        "Api/RestApiApiPermission",
        put(P, "SourceArn", value="arn:aws:execute-api:x"),
        "callers",
        "does not let apigateway",
    ),
    (
        "AWS::SNS::Subscription",
        "Api/Answers",
        drop(P, "RedrivePolicy"),
        "dead letters",
        "what it cannot deliver is lost",
    ),
    (RULE, "Training/SettlementPackage", drop(P, "Targets", 0, "DeadLetterConfig"), "dead letters", "is lost"),
    (
        "AWS::Lambda::EventInvokeConfig",
        "Training/",
        drop(P, "DestinationConfig"),
        "dead letters",
        "it fails at three times",
    ),
    # hosting
    (
        MODEL,
        "",
        put(P, "PrimaryContainer", "ModelDataSource", "S3DataSource", "S3Uri", value="s3://x/base/a@1"),
        "hosting",
        "slash",
    ),
    (MODEL, "", put("DependsOn", value=[]), "hosting", "it is made before Serving/Base"),
    (
        CONFIG,
        "",
        put(P, "ProductionVariants", 0, "InstanceType", value="ml.g5.huge"),
        "hosting",
        "there is no ml.g5.huge",
    ),
    (
        CONFIG,
        "",
        put(P, "ProductionVariants", 0, "InstanceType", value="ml.c7g.xlarge"),
        "hosting",
        "cannot run our images",
    ),
    (CONFIG, "", drop(P, "ProductionVariants", 0, "InferenceAmiVersion"), "hosting", "gets the AMI None"),
    (
        CONFIG,
        "",
        put(P, "KmsKeyId", value="<Storage/BucketsKeyCD6AF5CF.Arn>"),
        "hosting",
        "SageMaker refuses a KmsKeyId",
    ),
    (
        CONFIG,
        "",
        put(*ASYNC, "S3FailurePath", value="s3://<Storage/BucketsMedia5BAFF3AF>/errors/"),
        "hosting",
        "S3FailurePath",
    ),
    (CONFIG, "", drop(*ASYNC, "NotificationConfig", "ErrorTopic"), "hosting", "of answers and failures"),
    (
        CONFIG,
        "",
        put(P, "ProductionVariants", 0, "InitialInstanceCount", value="1"),
        "hosting",
        "InitialInstanceCount: got '1'",
    ),
    # api
    (METHOD, "Api/RestApiv1files", put(P, "ApiKeyRequired", value=False), "api", "it needs no API key"),
    (METHOD, "Api/RestApiv1files", put(P, "HttpMethod", value="PUT"), "api", "contracts/routes/ has no PUT"),
    (METHOD, "Api/RestApiv1predictionsPOST", drop(P, "RequestModels"), "api", "its RequestModels"),
    (
        METHOD,
        "Api/RestApiv1files",
        put(P, "Integration", "IntegrationHttpMethod", value="GET"),
        "api",
        "AWS_PROXY by GET",
    ),
    ("AWS::ApiGateway::UsagePlan", "", put(P, "Quota", "Limit", value=10), "api", "it allows"),
    (
        "AWS::ApiGateway::Stage",
        "",
        put(P, "MethodSettings", 0, "DataTraceEnabled", value=True),
        "api",
        "logs what clients send",
    ),
    ("AWS::ApiGateway::GatewayResponse", "", put(P, "StatusCode", value="418"), "api", "with status 418"),
    (
        RESPONSE,
        "Api/RestApiServerError",
        put(P, "ResponseTemplates", "application/json", value=PROBLEM),
        "api",
        "tells OpenAI's clients 'b'",
    ),
    # who is told of what
    (ALARM, "Monitoring/SettleErrors", put(P, "Threshold", value=1000), "watching", "with FunctionName"),
    (
        ALARM,
        "Monitoring/Api5xx",
        put(P, "Dimensions", 0, "Value", value="Api"),
        "alarms",
        "no API of the stage is called",
    ),
    (ALARM, "Serving/EndpointScalingWakeAlarm", put(P, "Period", value=45), "alarms", "no period of 45 s"),
    (ALARM, "Training/IdleAlarm", drop(P, "Metrics", 1), "alarm math", "reads backlog"),
    (
        ALARM,
        "Training/IdleAlarm",
        put(P, "Metrics", 2, "Expression", value="IF(instances > 0 AND backlog == 0, 1, 0)"),
        "alarm math",
        "a backlog of no value",
    ),
    (ALARM, "Training/IdleAlarm", put(P, "EvaluationPeriods", value=2), "alarm math", "it goes off after 600 s"),
    ("AWS::Budgets::Budget", "", put(P, "Budget", "TimeUnit", value="DAILY"), "budgets", "the stage says"),
    (
        "AWS::SNS::TopicPolicy",
        "Training/News",
        put(P, "PolicyDocument", "Statement", value=[]),
        "consent",
        "may not publish",
    ),
    (
        "AWS::KMS::Key",
        "Storage/Buckets",
        put(P, "KeyPolicy", "Statement", value=[]),
        "consent",
        "may not kms:Decrypt with its key",
    ),
    (
        POLICY,
        "Serving/EndpointScalingWake",
        put(*STEPS, "StepAdjustments", 0, "ScalingAdjustment", value=2),
        "step policies",
        "wake asks for [2]",
    ),
    (TARGET, "", put(P, "ScheduledActions", value=[{"Schedule": "cron(0 8 * * MON *)"}]), "office hours", "says days"),
    (
        "AWS::SageMaker::Endpoint",
        "",
        drop(P, "DeploymentConfig", "AutoRollbackConfiguration"),
        "rollout",
        "nothing rolls back",
    ),
    (FUNCTION, "Api/Handler", put(*VARIABLES, "MEDIA_DAYS", value="400"), "stage values", "MEDIA_DAYS is '400'"),
    (
        MODEL,
        "",
        put(P, "PrimaryContainer", "Environment", "ATELIER_PIXELS_PER_SECOND", value="1"),
        "stage values",
        "ATELIER_PIXELS_PER_SECOND is '1'",
    ),
    (METHOD, "Api/RestApiv1files", put(P, "AuthorizationType", value="AWS_IAM"), "api requests", "known by AWS_IAM"),
    (FUNCTION, "Api/KeysHandler", put(P, "Timeout", value=20), "api requests", "before the request is begun"),
    (
        FUNCTION,
        "Api/BatchesHandlersPrepareBatch",
        put(*VARIABLES, "CLIENTS", value='{"k": {"name": "first", "manages": true}}'),
        "stage values",
        "each with a key of its own",
    ),
    (FUNCTION, "Api/Handler", put(*VARIABLES, "CLIENTS", value="first"), "stage values", "no clients by their keys"),
    (
        FUNCTION,
        "Api/BatchesHandlersReportBatch",
        put(*VARIABLES, "SERVING_INSTANCE", value="ml.g5.2xlarge"),
        "stage values",
        "SERVING_INSTANCE is 'ml.g5.2xlarge'",
    ),
    (
        FUNCTION,
        "Api/BatchesHandlersSettleBatches",
        put(*VARIABLES, "BATCH_MACHINE_ARN", value="arn:aws:states:us-east-1:1:stateMachine:atelier-dev-workflow"),
        "handler environment",
        "is no state machine Batches",
    ),
    (
        ROLE_POLICY,
        "Api/BatchesHandlersPaintItem",
        also("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:1:function:other"),
        "reach",
        "which its environment does not name",
    ),
    (
        ROLE_POLICY,
        "Api/BatchesHandlersReportBatch",
        also("s3:GetObject", {"Fn::Join": ["", [{"Fn::GetAtt": ["BucketsMedia5BAFF3AF", "Arn"]}, "/outputs/*"]]}),
        "handler places",
        "it may s3:GetObject media/outputs/*, which nobody meant",
    ),
    (
        ROLE_POLICY,
        "Api/BatchesHandlersPrepareBatch",
        without("s3:GetObject"),
        "handler places",
        "it may not s3:GetObject media/uploads/*",
    ),
    (
        ROLE_POLICY,
        "Api/BatchesHandlersSettleBatches",
        without("dynamodb:Query"),
        "handler places",
        "it may not dynamodb:Query by_status",
    ),
    (
        RESPONSE,
        "Api/RestApiThrottled",
        put(*SAID, f"{HEADER}Retry-After", value="'0'"),
        "refusals",
        "Retry-After is '0'",
    ),
    (
        RESPONSE,
        "Api/RestApiNoRoute",
        put(*SAID, f"{HEADER}Retry-After", value="'5'"),
        "refusals",
        "it says Retry-After",
    ),
    (
        RESPONSE,
        "Api/RestApiThrottled",
        drop(*SAID, f"{HEADER}RateLimit-Policy"),
        "refusals",
        "RateLimit-Policy is None",
    ),
    (RESPONSE, "Api/RestApiNoKey", drop(*SAID, f"{HEADER}WWW-Authenticate"), "refusals", "WWW-Authenticate is None"),
    (
        RESPONSE,
        "Api/RestApiNoKey",
        put(*SAID, f"{HEADER}Access-Control-Expose-Headers", value="'*'"),
        "refusals",
        "Access-Control-Expose-Headers is '*'",
    ),
    ("AWS::KMS::Key", "Storage/Mark", put(P, "KeySpec", value="HMAC_384"), "picture keys", "its KeySpec is HMAC_384"),
    ("AWS::KMS::Key", "Storage/Mark", put(P, "EnableKeyRotation", value=True), "picture keys", "it rotates"),
    ("AWS::KMS::Key", "Storage/Signing", put(P, "KeyUsage", value="KEY_AGREEMENT"), "picture keys", "its KeyUsage is"),
    (ROLE_POLICY, "Serving/Role", without("kms:Sign"), "picture keys", "the model server may kms:Sign on nothing"),
    (
        MODEL,
        "Serving/Endpoint",
        put(P, "PrimaryContainer", "Environment", "ATELIER_MARK_KEY", value=""),
        "picture keys",
        "ATELIER_MARK_KEY is empty, and provenance.marked is True",
    ),
    (RULE, "Api/People", put(P, "ScheduleExpression", value="rate(6 hours)"), "schedules", "called every 21600 s, too"),
    (RULE, "Api/People", put(P, "ScheduleExpression", value="cron(0 3 * * ? *)"), "schedules", "how often"),
    (
        ROLE_POLICY,
        "Api/PeopleHandler",
        also("s3:DeleteObjectVersion"),
        "handler places",
        "it may s3:DeleteObjectVersion *, which nobody meant",
    ),
    (ROLE_POLICY, "Api/PeopleHandler", also("logs:DeleteLogStream"), "reach", "logs of others may be deleted"),
]


@pytest.mark.parametrize(("kind", "named", "defect", "check", "wrong"), DEFECTS)
def test_a_defect_is_named_with_its_resource(
    dev: Synthesized, root: Path, kind: str, named: str, defect: Change, check: str, wrong: str
) -> None:
    found = asked(check, changed(dev.assembly, kind, defect, named=named), root)
    named_so = [each for each in found if wrong in each.wrong]
    assert named_so, found
    assert all(each.place.startswith("dev ") and "/" in each.place and each.remedy for each in named_so)


RULE_OF_PAGES = (P, "CorsConfiguration", "CorsRules", 0)
OF_PAGES: list[tuple[str, str, Change, str, str]] = [
    (METHOD, "Api/RestApiv1predictionsOPTIONS", put(P, "ApiKeyRequired", value=True), "cross origin", "without a key"),
    (METHOD, "Api/RestApiv1predictionsOPTIONS", put(P, "HttpMethod", value="GET"), "cross origin", "has no OPTIONS"),
    (FUNCTION, "Api/Handler", put(*VARIABLES, "ORIGINS", value="*"), "cross origin", "ORIGINS is '*'"),
    (
        RESPONSE,
        "Api/RestApiNoKey",
        drop(*SAID, f"{HEADER}Access-Control-Allow-Origin"),
        "cross origin",
        "pages of None",
    ),
    (
        BUCKET,
        "Storage/BucketsMedia",
        put(*RULE_OF_PAGES, "AllowedOrigins", value=["*"]),
        "cross origin",
        "pages of ['*']",
    ),
    (BUCKET, "Storage/BucketsMedia", put(*RULE_OF_PAGES, "AllowedMethods", value=["GET"]), "cross origin", "['GET']"),
    (BUCKET, "Storage/BucketsMedia", drop(*RULE_OF_PAGES, "AllowedHeaders"), "cross origin", "send the headers None"),
    (BUCKET, "Storage/BucketsMedia", drop(*RULE_OF_PAGES, "ExposedHeaders"), "cross origin", "and read None"),
    (
        RESPONSE,
        "Api/RestApiNoKey",
        drop(*SAID, f"{HEADER}Access-Control-Expose-Headers"),
        "refusals",
        "Access-Control-Expose-Headers is None",
    ),
]


@pytest.mark.parametrize(("kind", "named", "defect", "check", "wrong"), OF_PAGES)
def test_a_defect_of_what_pages_may_do_is_named(
    synthesize: Callable[[str], Synthesized],
    root: Path,
    kind: str,
    named: str,
    defect: Change,
    check: str,
    wrong: str,
) -> None:
    local = synthesize("local").assembly
    assert asked(check, local, root) == []
    found = asked(check, changed(local, kind, defect, named=named), root)
    assert any(wrong in each.wrong for each in found), found
