"""What AWS refuses and an emulator likes to grant: each test names a mistake that must fail on a laptop, too."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.components.workflow.step import retry, sdk_transient
from infra.gate.rights import JOINING_FUNCTION, JOINING_HOSTS
from local.cloud import LocalCloud
from local.faults import Fault
from tests.integration import local_toy
from tests.integration.local_toy import IMAGE, allow, arn, role, until

Record = dict[str, Any]
TYPE = "ml.m5.large"


def template() -> Record:
    """A bucket, SageMaker's role, and the role of state machines."""
    base = local_toy.base_template()
    base["Resources"] |= {
        "MachineRole": role(
            "states.amazonaws.com",
            [
                allow("sagemaker:*", "iam:PassRole", "application-autoscaling:*"),
                allow("events:PutTargets", "events:PutRule", "events:DescribeRule"),
            ],
        ),
    }
    base["Resources"] |= network()
    base["Outputs"] |= {name: {"Value": arn(name)} for name in ("MachineRole", "HostRole")}
    base["Outputs"] |= {name: {"Value": {"Ref": name}} for name in ("Subnet", "Group", "OtherGroup")}
    return base


def network() -> Record:
    """A VPC, another one's group, and a role whose hosts may join them."""
    made = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    inside = {"VpcId": {"Ref": "Vpc"}}
    group = {"GroupDescription": "hosts", **inside}
    member = {"GroupId": {"Fn::GetAtt": ["Group", "GroupId"]}, "IpProtocol": "-1"}
    source = {"SourceSecurityGroupId": member["GroupId"]}
    flows = {"ResourceId": {"Ref": "Vpc"}, "ResourceType": "VPC", "TrafficType": "ALL", "LogGroupName": "flows"}
    return {
        "Vpc": made,
        "OtherVpc": made,
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {"CidrBlock": "10.0.0.0/20", **inside}},
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": group},
        "OtherGroup": {"Type": "AWS::EC2::SecurityGroup", "Properties": group | {"VpcId": {"Ref": "OtherVpc"}}},
        "Members": {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": member | source},
        "Flows": {"Type": "AWS::EC2::FlowLog", "Properties": flows},
        "HostRole": role("sagemaker.amazonaws.com", [allow(*JOINING_HOSTS)]),
    }


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with the template above, and an input for jobs."""
    folder = tmp_path_factory.mktemp("refusals")
    with LocalCloud(folder / "run") as started:
        started.deploy(local_toy.write_assembly(folder / "out", {"Toy": template()}))
        started.client("s3").put_object(Bucket=started.outputs("Toy")["Bucket"], Key="base/a.txt", Body=b"a")
        yield started


@pytest.fixture
def no_quotas(cloud: LocalCloud) -> Iterator[None]:
    """Quotas hold for one test."""
    yield
    cloud.faults.set_quotas({})


def training(cloud: LocalCloud, name: str, **resources: Any) -> Record:
    """A CreateTrainingJob request; ``resources`` replace its instance."""
    outputs = cloud.outputs("Toy")
    return {
        "TrainingJobName": name,
        "RoleArn": outputs["JobRole"],
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": f"s3://{outputs['Bucket']}/models", "CompressionType": "NONE"},
        "ResourceConfig": {"InstanceCount": 1, "VolumeSizeInGB": 10} | (resources or {"InstanceType": TYPE}),
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "HyperParameters": {"style": "skirt"},
    }


def trained(cloud: LocalCloud, name: str, **resources: Any) -> Record:
    """A training job, once it has ended."""
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_training_job(**training(cloud, name, **resources))

    def done() -> Record | None:
        job: Record = sagemaker.describe_training_job(TrainingJobName=name)
        return job if job["TrainingJobStatus"] != "InProgress" else None

    job: Record = until(done, cloud)
    return job


def execution(cloud: LocalCloud, name: str, resource: str, arguments: Record, *retries: Record) -> Record:
    """A state machine of one task, once it has run."""
    client, arguments = cloud.client("stepfunctions"), json.loads(json.dumps(arguments))
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, "End": True}
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Task",
        "States": {"Task": task | ({"Retry": list(retries)} if retries else {})},
    }
    machine = client.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=cloud.outputs("Toy")["MachineRole"]
    )["stateMachineArn"]
    started = client.start_execution(stateMachineArn=machine)["executionArn"]

    def done() -> Record | None:
        found: Record = client.describe_execution(executionArn=started)
        return found if found["status"] != "RUNNING" else None

    found: Record = until(done, cloud)
    return found


def test_throttling_has_the_services_name_and_not_its_own(cloud: LocalCloud) -> None:
    """SageMaker's model has no throttling error: a rule that names one waits in vain, and the paid run fails."""
    task = ("aws-sdk:sagemaker:createModelPackageGroup", {"ModelPackageGroupName": "coats"})
    wrong = retry(["SageMaker.ThrottlingException", "SageMaker.SdkClientException"], seconds=1)

    cloud.faults.switch_on(Fault.THROTTLED, "CreateModelPackageGroup")
    failed = execution(cloud, "never-matches", *task, wrong)
    cloud.faults.switch_on(Fault.THROTTLED, "CreateModelPackageGroup")
    succeeded = execution(cloud, "matches", *task, retry(sdk_transient("SageMaker"), seconds=1))

    assert (failed["error"], failed["cause"]) == ("SageMaker.SageMakerException", "Rate exceeded")
    assert succeeded["status"] == "SUCCEEDED", succeeded


@pytest.mark.usefixtures("no_quotas")
def test_a_quota_refuses_a_job_at_once_and_in_a_run_by_its_own_name(cloud: LocalCloud) -> None:
    cloud.faults.set_quotas({f"{TYPE} for training job usage": 0})

    with pytest.raises(ClientError, match="ResourceLimitExceeded") as refused:
        cloud.client("sagemaker").create_training_job(**training(cloud, "too-many"))
    failed = execution(cloud, "quota", "sagemaker:createTrainingJob.sync", training(cloud, "too-many"))

    assert "limit 'ml.m5.large for training job usage' is 0 Instances, with current utilization of 0" in str(
        refused.value
    )
    assert failed["error"] == "SageMaker.ResourceLimitExceededException"


def test_a_shortage_fails_a_job_unless_another_type_will_do(cloud: LocalCloud) -> None:
    cloud.faults.use_up(TYPE)

    failed = trained(cloud, "short")
    preferences = [{"InstanceType": TYPE}, {"InstanceType": "ml.m5.xlarge"}]
    completed = trained(cloud, "flexible", InstancePreferences=preferences)
    cloud.faults.restock(TYPE)

    assert (failed["TrainingJobStatus"], failed["FailureReason"].partition(":")[0]) == ("Failed", "CapacityError")
    assert completed["TrainingJobStatus"] == "Completed"
    assert completed["ResourceConfig"]["SelectedInstanceType"] == "ml.m5.xlarge"


def configured(cloud: LocalCloud, name: str, **variant: Any) -> None:
    """A model and an endpoint configuration of that name."""
    sagemaker, outputs = cloud.client("sagemaker"), cloud.outputs("Toy")
    source = {"S3Uri": f"s3://{outputs['Bucket']}/base/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    container = {"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=outputs["JobRole"], PrimaryContainer=container)
    production = {"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1} | (
        variant or {"InstanceType": TYPE}
    )
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[production])


def settled(cloud: LocalCloud, name: str) -> Record:
    """An endpoint, once it is neither being created nor updated."""

    def done() -> Record | None:
        found: Record = cloud.client("sagemaker").describe_endpoint(EndpointName=name)
        return found if found["EndpointStatus"] not in ("Creating", "Updating") else None

    found: Record = until(done, cloud)
    return found


@pytest.mark.usefixtures("no_quotas")
def test_an_update_needs_the_quota_for_both_fleets(cloud: LocalCloud) -> None:
    sagemaker = cloud.client("sagemaker")
    configured(cloud, "first")
    configured(cloud, "second")
    cloud.faults.set_quotas({f"{TYPE} for endpoint usage": 1})
    sagemaker.create_endpoint(EndpointName="one", EndpointConfigName="first")
    assert settled(cloud, "one")["EndpointStatus"] == "InService"

    with pytest.raises(ClientError, match="is 1 Instances, with current utilization of 1 Instances"):
        sagemaker.update_endpoint(EndpointName="one", EndpointConfigName="second")
    cloud.faults.set_quotas({f"{TYPE} for endpoint usage": 2})
    sagemaker.update_endpoint(EndpointName="one", EndpointConfigName="second")

    assert settled(cloud, "one")["EndpointConfigName"] == "second"
    sagemaker.delete_endpoint(EndpointName="one")


def test_an_endpoint_starts_on_the_pool_that_there_is(cloud: LocalCloud) -> None:
    sagemaker = cloud.client("sagemaker")
    cloud.faults.use_up(TYPE)
    configured(cloud, "rigid")
    pools = [{"InstanceType": TYPE, "Priority": 1}, {"InstanceType": "ml.m5.xlarge", "Priority": 2}]
    configured(cloud, "pooled", InstancePools=pools)

    for name in ("rigid", "pooled"):
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    failed, serving = settled(cloud, "rigid"), settled(cloud, "pooled")
    cloud.faults.restock(TYPE)

    assert "InsufficientInstanceCapacity" in failed["FailureReason"]
    assert (failed["EndpointStatus"], serving["EndpointStatus"]) == ("Failed", "InService")
    (variant,) = serving["ProductionVariants"]
    assert variant["InstancePools"] == [
        {"InstanceType": TYPE, "CurrentInstanceCount": 0},
        {"InstanceType": "ml.m5.xlarge", "CurrentInstanceCount": 1},
    ]
    for name in ("rigid", "pooled"):
        sagemaker.delete_endpoint(EndpointName=name)


def test_a_configuration_that_was_just_made_may_not_be_seen_yet(cloud: LocalCloud) -> None:
    """CreateEndpoint reads a table that is eventually consistent (its documentation); a second try finds it."""
    cloud.faults.switch_on(Fault.UNSEEN, "EndpointConfig")
    configured(cloud, "new")
    sagemaker = cloud.client("sagemaker")

    with pytest.raises(ClientError, match="Could not find endpoint config"):
        sagemaker.create_endpoint(EndpointName="new", EndpointConfigName="new")
    assert sagemaker.create_endpoint(EndpointName="new", EndpointConfigName="new")
    settled(cloud, "new")
    sagemaker.delete_endpoint(EndpointName="new")


def test_the_artifact_of_a_job_needs_a_slash_before_it_is_registered(cloud: LocalCloud) -> None:
    artifact = trained(cloud, "artifact")["ModelArtifacts"]["S3ModelArtifacts"]
    sagemaker = cloud.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="skirts")

    def register(uri: str) -> Record:
        source = {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None"}
        specification = {"Containers": [{"Image": IMAGE, "ModelDataSource": {"S3DataSource": source}}]}
        package: Record = sagemaker.create_model_package(
            ModelPackageGroupName="skirts", InferenceSpecification=specification
        )
        return package

    with pytest.raises(ClientError, match="a prefix that ends with a slash"):
        register(artifact)
    assert register(f"{artifact}/")


def test_who_scales_an_endpoint_may_change_its_capacity(cloud: LocalCloud) -> None:
    """Application Auto Scaling looks at its caller's rights on what it will scale."""
    iam = cloud.client("iam")
    iam.create_user(UserName="scales")
    document = {"Version": "2012-10-17", "Statement": [allow("application-autoscaling:*", "sagemaker:Describe*")]}
    iam.put_user_policy(UserName="scales", PolicyName="all", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName="scales")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=cloud.region)
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/live/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }

    scaling = session.client("application-autoscaling", endpoint_url=cloud.url)
    with pytest.raises(ClientError, match="perform: sagemaker:UpdateEndpointWeightsAndCapacities"):
        scaling.register_scalable_target(MinCapacity=0, MaxCapacity=1, **target)


def test_names_that_differ_in_case_only_are_one_resource(cloud: LocalCloud) -> None:
    sagemaker = cloud.client("sagemaker")
    made = sagemaker.create_model_package_group(ModelPackageGroupName="Dresses")["ModelPackageGroupArn"]

    with pytest.raises(ClientError, match="already exists"):
        sagemaker.create_model_package_group(ModelPackageGroupName="dresses")
    found = sagemaker.describe_model_package_group(ModelPackageGroupName=made.lower())
    assert found["ModelPackageGroupName"] == "Dresses"


def test_hosts_join_a_vpc_where_its_parts_fit_and_the_role_may(cloud: LocalCloud) -> None:
    sagemaker, made = cloud.client("sagemaker"), cloud.outputs("Toy")

    def model(name: str, role_name: str = "HostRole", subnet: str = made["Subnet"], group: str = made["Group"]) -> None:
        vpc = {"Subnets": [subnet], "SecurityGroupIds": [group]}
        container = {"Image": IMAGE}
        sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=made[role_name], PrimaryContainer=container, VpcConfig=vpc
        )

    model("inside")
    with pytest.raises(ClientError, match=r"JobRole\S* may not ec2:CreateNetworkInterface"):
        model("may-not", role_name="JobRole")
    with pytest.raises(ClientError, match="subnet-0a0a0a0a"):
        model("nowhere", subnet="subnet-0a0a0a0a")
    with pytest.raises(ClientError, match="allowed: of one VPC"):
        model("between", group=made["OtherGroup"])


def test_a_function_joins_a_vpc_only_where_its_role_may(cloud: LocalCloud) -> None:
    made = cloud.outputs("Toy")
    vpc = {"SubnetIds": [made["Subnet"]], "SecurityGroupIds": [made["Group"]]}
    code = {"ZipFile": "def handler(event, context):\n    return 1\n"}
    function = {"Runtime": "python3.13", "Handler": "index.handler", "Code": code, "VpcConfig": vpc}

    def stack(name: str, *actions: str) -> str:
        resources = {
            "Role": role("lambda.amazonaws.com", [allow(*actions)]),
            "Function": {"Type": "AWS::Lambda::Function", "Properties": function | {"Role": arn("Role")}},
        }
        formation = cloud.client("cloudformation")
        formation.create_stack(
            StackName=name, TemplateBody=json.dumps({"Resources": resources}), Capabilities=["CAPABILITY_IAM"]
        )

        def done() -> str | None:
            (found,) = formation.describe_stacks(StackName=name)["Stacks"]
            return None if found["StackStatus"].endswith("IN_PROGRESS") else str(found["StackStatus"])

        return str(until(done, cloud))

    assert stack("joins", *JOINING_FUNCTION) == "CREATE_COMPLETE"
    assert stack("stays", *JOINING_FUNCTION[:-1]) == "ROLLBACK_COMPLETE"
