"""The state machines: expressions, requests, answers."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_AT = "Training/WorkflowMachine"
_BASE = "Training/PretrainingMachine"

MUTANTS = (
    Defect(
        name="an expression does not compile",
        at=_AT,
        state="Register",
        change=swap("$number($split(", "$number($split(("),
    ),
    Defect(
        name="an expression reads what nothing assigns", at=_AT, state="Evaluate", change=swap("$artifact", "$artefact")
    ),
    Defect(
        name="an expression reads what a later state assigns",
        at=_AT,
        state="Segment",
        change=swap("$plan.runs.segment", "$artifact"),
    ),
    Defect(
        name="a variable is assigned and read by other names",
        at=_AT,
        state="DeployEndpoint",
        change=put("Assign", {"varient": "{% $states.result.variant %}"}),
    ),
    Defect(
        name="an expression reads a key that no plan has",
        at=_AT,
        state="Segment",
        change=swap("$plan.runs.segment", "$plan.run.segment"),
    ),
    Defect(
        name="a function of JSONata is misspelt",
        at=_AT,
        state="Notify",
        change=swap("$string($version)", "$toString($version)"),
    ),
    Defect(
        name="an expression lacks its closing brace",
        at=_AT,
        state="Promote",
        change=put("Arguments.Payload.version", "{% $version }"),
    ),
    Defect(
        name="an expression is JSONPath", at=_AT, state="Promote", change=put("Arguments.Payload.version", "$.version")
    ),
    Defect(
        name="a result is read at another place than the integration puts it",
        at=_AT,
        state="Gate",
        change=put("Assign.gate", "{% $states.result.payload %}"),
    ),
    Defect(
        name="an answer's member is misspelt",
        at=_AT,
        state="Register",
        change=swap("ModelPackageArn", "ModelPackageARN"),
    ),
    Defect(
        name="the artifact loses its slash before it is registered",
        at=_AT,
        state="FineTune",
        change=put("Assign.artifact", "{% $states.result.ModelArtifacts.S3ModelArtifacts %}"),
    ),
    Defect(
        name="a request has a member that the service does not know",
        at=_AT,
        state="FineTune",
        change=put("Arguments.EnableManagedSpot", True),
    ),
    Defect(name="a request lacks what the service requires", at=_AT, state="Segment", change=drop("Arguments.RoleArn")),
    Defect(
        name="a value is none of the service's",
        at=_AT,
        state="FineTune",
        change=put("Arguments.AlgorithmSpecification.TrainingInputMode", "Files"),
    ),
    Defect(
        name="a number is out of the service's range",
        at=_AT,
        state="FineTune",
        change=put("Arguments.StoppingCondition.MaxRuntimeInSeconds", 0),
    ),
    Defect(
        name="a name is longer than the service takes",
        at=_AT,
        state="EnsureModelPackageGroup",
        change=put(
            "Arguments.ModelPackageGroupName",
            "{% $plan.model_package_group & '-of-a-style-whose-name-is-made-much-longer-than-it-may-be-by-what-follows' %}",
        ),
    ),
    Defect(
        name="spot may wait less long than it may run",
        at=_AT,
        state="FineTune",
        change=put("Arguments.StoppingCondition.MaxWaitTimeInSeconds", 3600),
    ),
    Defect(
        name="spot has no longest wait",
        at=_AT,
        state="FineTune",
        change=drop("Arguments.StoppingCondition.MaxWaitTimeInSeconds"),
    ),
    Defect(
        name="spot has nowhere to keep its checkpoints",
        at=_AT,
        state="FineTune",
        change=drop("Arguments.CheckpointConfig"),
    ),
    Defect(
        name="a job may run beyond SageMaker's longest",
        at=_AT,
        state="Segment",
        change=put("Arguments.StoppingCondition.MaxRuntimeInSeconds", 864000),
    ),
    Defect(
        name="a job of a training has the network",
        at=_AT,
        state="FineTune",
        change=put("Arguments.EnableNetworkIsolation", False),
    ),
    Defect(
        name="a job's output is not encrypted with our key",
        at=_AT,
        state="Evaluate",
        change=drop("Arguments.ProcessingOutputConfig.KmsKeyId"),
    ),
    Defect(
        name="the artifact is one archive, which later steps cannot read",
        at=_AT,
        state="FineTune",
        change=put("Arguments.OutputDataConfig.CompressionType", "GZIP"),
    ),
    Defect(name="a job is not tagged", at=_AT, state="Segment", change=drop("Arguments.Tags")),
    Defect(name="a version's alarm is not tagged", at=_AT, state="PutWakeAlarm", change=drop("Arguments.Tags")),
    Defect(
        name="a job's machine is for hosting only",
        at=_AT,
        state="Segment",
        change=put("Arguments.ProcessingResources.ClusterConfig.InstanceType", "ml.inf2.xlarge"),
    ),
    Defect(
        name="the volume of a job on NVMe gets a key",
        at=_AT,
        state="FineTune",
        change=put("Arguments.ResourceConfig.VolumeKmsKeyId", "arn:aws:kms:us-east-1:123456789012:key/k"),
    ),
    Defect(
        name="a package is approved before anybody looked",
        at=_AT,
        state="Register",
        change=put("Arguments.ModelApprovalStatus", "Approved"),
    ),
    Defect(name="approval is turned round", at=_AT, state="Approval", change=swap("= 'auto'", "!= 'auto'")),
    Defect(
        name="an approval leaves the package pending",
        at=_AT,
        state="AutoApprove",
        change=put("Arguments.ModelApprovalStatus", "PendingManualApproval"),
    ),
    Defect(
        name="a metric's regular expression does not compile",
        at=_AT,
        state="FineTune",
        change=put("Arguments.AlgorithmSpecification.MetricDefinitions.0.Regex", "loss=([0-9.+"),
    ),
    Defect(
        name="a payload lacks what the handler reads",
        at=_AT,
        state="Publish",
        change=drop("Arguments.Payload.artifact"),
    ),
    Defect(
        name="a handler's answer is read by a key that it does not give",
        at=_AT,
        state="Publish",
        change=put("Assign.uri", "{% $states.result.Payload.url %}"),
    ),
    Defect(
        name="a message is longer than SNS takes",
        at=_AT,
        state="Notify",
        change=put(
            "Arguments.Subject",
            "{% 'Atelier has made another version of your style, ready and tested as you wished: version ' "
            "& $string($version) & ' of ' & $plan.style %}",
        ),
    ),
    Defect(name="the pretraining machine leads nowhere", at=_BASE, state="Shard", change=put("Next", "Pretrain")),
    Defect(
        name="a machine's definition is of another query language",
        at=_BASE,
        state="*",
        change=put("QueryLanguage", "JSONPath"),
    ),
    Defect(name="a machine starts at a state that is not there", at=_BASE, state="*", change=put("StartAt", "Begin")),
    Defect(name="a state cannot be reached", at=_BASE, state="Gate", change=put("Next", "Register")),
    Defect(name="what runs do is not logged", at=_AT, change=drop("Properties.LoggingConfiguration")),
    Defect(
        name="a machine logs what passes through it",
        at=_AT,
        change=put("Properties.LoggingConfiguration.IncludeExecutionData", True),
    ),
    Defect(name="a machine is not traced", at=_BASE, change=put("Properties.TracingConfiguration.Enabled", False)),
    Defect(
        name="a machine has another name than handlers answer",
        at=_AT,
        change=put("Properties.StateMachineName", "atelier-dev-flow"),
    ),
    Defect(
        name="a machine has the role of the jobs",
        at=_AT,
        change=put("Properties.RoleArn", {"Fn::GetAtt": ["JobRoleA8EE24A2", "Arn"]}),
    ),
)
