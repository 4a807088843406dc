"""The shared endpoint: its model, its machine, where its answers go."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_VARIANT = "Properties.ProductionVariants.0"
_ASYNC = "Properties.AsyncInferenceConfig"

MUTANTS = (
    Defect(
        name="hosting gets a prefix without a slash at its end",
        at="Serving/EndpointModel",
        change=swap("d63a0d/", "d63a0d"),
    ),
    Defect(
        name="the model is of a compression that hosting does not know",
        at="Serving/EndpointModel",
        change=put("Properties.PrimaryContainer.ModelDataSource.S3DataSource.CompressionType", "NONE"),
    ),
    Defect(
        name="the model is one object instead of a prefix",
        at="Serving/EndpointModel",
        change=put("Properties.PrimaryContainer.ModelDataSource.S3DataSource.S3DataType", "S3Object"),
    ),
    Defect(name="the model is made before its weights are there", at="Serving/EndpointModel", change=drop("DependsOn")),
    Defect(
        name="the model is isolated from the network that it fetches styles through",
        at="Serving/EndpointModel",
        change=put("Properties.EnableNetworkIsolation", True),
    ),
    Defect(
        name="a volume of a machine with NVMe gets a key",
        at="Serving/EndpointConfig",
        change=put("Properties.KmsKeyId", {"Fn::GetAtt": ["Key", "Arn"]}),
    ),
    Defect(
        name="the inference AMI has a driver too old for the image",
        at="Serving/EndpointConfig",
        change=put(f"{_VARIANT}.InferenceAmiVersion", "al2-ami-sagemaker-inference-gpu-2"),
    ),
    Defect(
        name="a GPU machine names no inference AMI",
        at="Serving/EndpointConfig",
        change=drop(f"{_VARIANT}.InferenceAmiVersion"),
    ),
    Defect(
        name="the endpoint's machine does not exist",
        at="Serving/EndpointConfig",
        change=put(f"{_VARIANT}.InstanceType", "ml.g5.3xlarge"),
    ),
    Defect(
        name="the endpoint's machine is another than the stage says",
        at="Serving/EndpointConfig",
        change=put(f"{_VARIANT}.InstanceType", "ml.g5.2xlarge"),
    ),
    Defect(
        name="the endpoint answers in place instead of through its queue",
        at="Serving/EndpointConfig",
        change=drop(_ASYNC),
    ),
    Defect(
        name="answers go where nobody looks for them",
        at="Serving/EndpointConfig",
        change=swap("/responses/", "/answers/"),
    ),
    Defect(name="failures go among the answers", at="Serving/EndpointConfig", change=swap("/failures/", "/responses/")),
    Defect(
        name="nobody hears of answers",
        at="Serving/EndpointConfig",
        change=drop(f"{_ASYNC}.OutputConfig.NotificationConfig.SuccessTopic"),
    ),
    Defect(
        name="nobody hears of failed requests",
        at="Serving/EndpointConfig",
        change=drop(f"{_ASYNC}.OutputConfig.NotificationConfig.ErrorTopic"),
    ),
    Defect(
        name="failures are told as answers",
        at="Serving/EndpointConfig",
        change=put(f"{_ASYNC}.OutputConfig.NotificationConfig.ErrorTopic", {"Ref": "SuccessE4B75D12"}),
    ),
    Defect(
        name="answers are not encrypted with our key",
        at="Serving/EndpointConfig",
        change=drop(f"{_ASYNC}.OutputConfig.KmsKeyId"),
    ),
    Defect(
        name="a container gets more requests at a time than the service allows",
        at="Serving/EndpointConfig",
        change=put(f"{_ASYNC}.ClientConfig.MaxConcurrentInvocationsPerInstance", 2000),
    ),
    Defect(
        name="a container gets other than the stage's number of requests at a time",
        at="Serving/EndpointConfig",
        change=put(f"{_ASYNC}.ClientConfig.MaxConcurrentInvocationsPerInstance", 64),
    ),
    Defect(
        name="the models have less time to load than the stage says",
        at="Serving/EndpointConfig",
        change=put(f"{_VARIANT}.ContainerStartupHealthCheckTimeoutInSeconds", 60),
    ),
    Defect(
        name="an endpoint begins with no instance",
        at="Serving/EndpointConfig",
        change=put(f"{_VARIANT}.InitialInstanceCount", 0),
    ),
    Defect(name="a topic takes messages without TLS", at="Serving/SuccessPolicy"),
    Defect(name="a topic's messages are not encrypted", at="Serving/ErrorD", change=drop("Properties.KmsMasterKeyId")),
    Defect(
        name="styles are looked for below another prefix",
        at="Serving/EndpointModel",
        change=swap("/styles/", "/style/"),
    ),
    Defect(
        name="the server loses a setting that it reads",
        at="Serving/EndpointModel",
        change=drop("Properties.PrimaryContainer.Environment.ATELIER_UPLOADS_URI"),
    ),
    Defect(
        name="a setting of the server is misspelt",
        at="Serving/EndpointModel",
        change=swap("ATELIER_ADAPTER_MIB", "ATELIER_ADAPTOR_MIB"),
    ),
    Defect(
        name="a base model is mirrored from a branch",
        at="Serving/BaseClipseg",
        change=swap("999e0328d9e10b484360c477313983f9afdd7050", "main"),
    ),
    Defect(
        name="a mirror gets less time than CloudFormation waits",
        at="Serving/BaseSd2",
        change=put("Properties.ServiceTimeout", "600"),
    ),
    Defect(
        name="the mirror is cut off in the middle of a large model",
        at="Serving/MirrorHandlerFunction",
        change=put("Properties.Timeout", 60),
    ),
)
