"""Rights: of handlers, machines, jobs and endpoints."""

from bench.gate.changes import allowing, drop, granting, put, statement, swap, without
from bench.gate.mutant import Defect

_MACHINE = "Training/WorkflowRoleDefaultPolicy"
_DEPLOY = "Training/HandlersDeployEndpointRoleDefaultPolicy"
_JOBS = "Training/JobRoleDefaultPolicy"
_SERVER = "Serving/RoleDefaultPolicy"
_TRUST = "Properties.AssumeRolePolicyDocument.Statement.0"

MUTANTS = (
    Defect(
        name="the deployer may not grant the use of the volumes' key", at=_DEPLOY, change=without("kms:CreateGrant")
    ),
    Defect(name="the deployer may not hand over the endpoint's role", at=_DEPLOY, change=without("iam:PassRole")),
    Defect(
        name="the deployer may hand over any role", at=_DEPLOY, change=statement("iam:PassRole", put("Resource", "*"))
    ),
    Defect(
        name="a role may be handed to any service", at=_MACHINE, change=statement("iam:PassRole", drop("Condition"))
    ),
    Defect(
        name="the deployer may not answer the run that waits",
        at=_DEPLOY,
        change=without("states:SendTaskSuccess", "states:SendTaskFailure"),
    ),
    Defect(name="the deployer may not tag what it makes", at=_DEPLOY, change=without("sagemaker:AddTags")),
    Defect(
        name="an action is misspelt",
        at=_DEPLOY,
        change=allowing("sagemaker:CreateEndpoint", "sagemaker:CreateEndpoints"),
    ),
    Defect(
        name="an action is granted by its service's old name",
        at=_MACHINE,
        change=allowing("sagemaker:CreateModelPackage", "sagemaker:createModelPackage2"),
    ),
    Defect(
        name="endpoints are granted by another prefix than they are named",
        at=_DEPLOY,
        change=swap("endpoint/atelier-dev-style-", "endpoint/atelier-dev-styles-"),
    ),
    Defect(name="the machine may not start training jobs", at=_MACHINE, change=without("sagemaker:CreateTrainingJob")),
    Defect(name="the machine may not wait for jobs", at=_MACHINE, change=without("events:PutTargets")),
    Defect(
        name="the machine waits by a rule of another name",
        at=_MACHINE,
        change=swap(
            "StepFunctionsGetEventsForSageMakerTrainingJobsRule", "StepFunctionsGetEventsForSageMakerTrainJobsRule"
        ),
    ),
    Defect(
        name="the machine may not stop a job with its run", at=_MACHINE, change=without("sagemaker:StopProcessingJob")
    ),
    Defect(name="the machine may not call a handler", at=_MACHINE, change=without("lambda:InvokeFunction")),
    Defect(
        name="the machine may not write what its topic's key encrypts",
        at=_MACHINE,
        change=without("kms:GenerateDataKey"),
    ),
    Defect(name="the machine may do what no state does", at=_MACHINE, change=granting("sagemaker:DeleteModelPackage")),
    Defect(name="the machine may do everything in SageMaker", at=_MACHINE, change=granting("sagemaker:*")),
    Defect(
        name="the machine may register packages of other stages",
        at=_MACHINE,
        change=swap("model-package/atelier-dev-*", "model-package/*"),
    ),
    Defect(name="the machine may not log", at=_MACHINE, change=without("logs:CreateLogDelivery")),
    Defect(
        name="the machine may not make its service-linked role",
        at=_MACHINE,
        change=without("iam:CreateServiceLinkedRole"),
    ),
    Defect(
        name="the machine may not touch the capacity that it scales",
        at=_MACHINE,
        change=without("sagemaker:UpdateEndpointWeightsAndCapacities"),
    ),
    Defect(name="jobs may not write their results", at=_JOBS, change=without("s3:PutObject")),
    Defect(
        name="jobs may write over models",
        at=_JOBS,
        change=granting("s3:PutObject", on={"Fn::Join": ["", ["arn:aws:s3:::", {"Ref": "AWS::AccountId"}, "/base/*"]]}),
    ),
    Defect(name="jobs may not read what is encrypted", at=_JOBS, change=without("kms:Decrypt")),
    Defect(name="jobs may not use encrypted volumes", at=_JOBS, change=without("kms:CreateGrant")),
    Defect(name="jobs may not pull their image", at=_JOBS, change=without("ecr:BatchGetImage")),
    Defect(name="jobs may not log in to the registry", at=_JOBS, change=without("ecr:GetAuthorizationToken")),
    Defect(name="jobs may not write logs", at=_JOBS, change=without("logs:PutLogEvents")),
    Defect(name="jobs read another prefix than data sets are in", at=_JOBS, change=swap("/datasets/*", "/dataset/*")),
    Defect(
        name="the endpoint may not read what is to be painted", at=_SERVER, change=swap("/requests/*", "/request/*")
    ),
    Defect(name="the endpoint may not write answers", at=_SERVER, change=without("s3:PutObject")),
    Defect(name="the endpoint may not tell of answers", at=_SERVER, change=without("sns:Publish")),
    Defect(name="the endpoint may read the whole bucket", at=_SERVER, change=swap("/styles/*", "/*")),
    Defect(
        name="metrics may be written into any namespace",
        at=_SERVER,
        change=statement("cloudwatch:PutMetricData", drop("Condition")),
    ),
    Defect(
        name="the API may not queue requests",
        at="Api/HandlerRoleDefaultPolicy",
        change=without("sagemaker:InvokeEndpointAsync"),
    ),
    Defect(
        name="the API may not start trainings",
        at="Api/HandlerRoleDefaultPolicy",
        change=without("states:StartExecution"),
    ),
    Defect(name="the API may scan the records", at="Api/HandlerRoleDefaultPolicy", change=granting("dynamodb:Scan")),
    Defect(name="the API may delete data", at="Api/HandlerRoleDefaultPolicy", change=granting("s3:DeleteObject")),
    Defect(
        name="the API may not list, so that a missing key is denied",
        at="Api/HandlerRoleDefaultPolicy",
        change=without("s3:ListBucket"),
    ),
    Defect(
        name="the answers' handler may not read the answers",
        at="Api/AnswersHandlerRoleDefaultPolicy",
        change=without("s3:GetObject"),
    ),
    Defect(
        name="the answers' handler may not fill records",
        at="Api/AnswersHandlerRoleDefaultPolicy",
        change=without("dynamodb:PutItem"),
    ),
    Defect(
        name="the recorder may not tell people",
        at="Training/HandlersRecordFailureRoleDefaultPolicy",
        change=without("sns:Publish"),
    ),
    Defect(
        name="a handler may not write its log",
        at="Training/HandlersGateRoleDefaultPolicy",
        change=without("logs:PutLogEvents"),
    ),
    Defect(
        name="a handler may not send its traces",
        at="Training/HandlersGateRoleDefaultPolicy",
        change=without("xray:PutTraceSegments"),
    ),
    Defect(
        name="a handler may use no key",
        at="Training/HandlersPromoteRoleDefaultPolicy",
        change=without("kms:GenerateDataKey", "kms:Decrypt"),
    ),
    Defect(name="everything is allowed", at="Training/HandlersPrepareRoleDefaultPolicy", change=granting("*")),
    Defect(
        name="a policy is of no role", at="Training/HandlersSettleRoleDefaultPolicy", change=put("Properties.Roles", [])
    ),
    Defect(
        name="a policy is of another handler's role",
        at="Training/HandlersGateRoleDefaultPolicy",
        change=put("Properties.Roles", [{"Ref": "HandlersPrepareRole9660A756"}]),
    ),
    Defect(name="a policy is gone", at="Training/HandlersPublishRoleDefaultPolicy"),
    Defect(
        name="a Lambda's role trusts another service",
        at="Training/HandlersGateRole7",
        change=put(f"{_TRUST}.Principal.Service", "edgelambda.amazonaws.com"),
    ),
    Defect(
        name="a job's role trusts SageMaker of any account", at="Training/JobRoleA", change=drop(f"{_TRUST}.Condition")
    ),
    Defect(
        name="a role may be assumed by anybody", at="Serving/Role8", change=put(f"{_TRUST}.Principal", {"AWS": "*"})
    ),
    Defect(
        name="a role has administrator's rights",
        at="Training/HandlersGateRole7",
        change=put("Properties.ManagedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
    ),
    Defect(
        name="the machine's role is not assumed by Step Functions",
        at="Training/WorkflowRole9",
        change=put(f"{_TRUST}.Principal.Service", "sagemaker.amazonaws.com"),
    ),
    Defect(
        name="a right is denied that the code needs",
        at="Api/HandlerRoleDefaultPolicy",
        change=statement("states:StartExecution", put("Effect", "Deny")),
    ),
)
