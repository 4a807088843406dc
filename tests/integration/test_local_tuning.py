"""A tuning job runs its trials as training jobs, a few at once, and says which was best; Step Functions waits for it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from tests.integration import local_toy
from tests.integration.local_toy import IMAGE, allow, arn, role, until

Record = dict[str, Any]
RULE = "arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMakerHyperParameterTuningJobsRule"
JOBS = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/*"


def template() -> Record:
    """A bucket, a role for jobs, and one for a state machine that may run tuning jobs."""
    base = local_toy.base_template()
    verbs = ("Create", "Describe", "Stop")
    base["Resources"]["MachineRole"] = role(
        "states.amazonaws.com",
        [
            allow(*(f"sagemaker:{verb}HyperParameterTuningJob" for verb in verbs), "sagemaker:AddTags", on=JOBS),
            allow("iam:PassRole", on=arn("JobRole")),
            allow("events:PutTargets", "events:PutRule", "events:DescribeRule", on=RULE),
        ],
    )
    base["Outputs"]["MachineRole"] = {"Value": arn("MachineRole")}
    return base


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A local cloud with the template above."""
    folder = tmp_path_factory.mktemp("tuning")
    with LocalCloud(folder / "run") as started:
        started.deploy(local_toy.write_assembly(folder / "out", {"Toy": template()}))
        bucket = started.outputs("Toy")["Bucket"]
        started.client("s3").put_object(Bucket=bucket, Key="data/a.txt", Body=b"a")
        yield started


RATES = {"Name": "rate", "MinValue": "0.001", "MaxValue": "1", "ScalingType": "Logarithmic"}


def request(cloud: LocalCloud, name: str, *, trials: int = 3, ranges: Record | None = None, **config: Any) -> Record:
    """A request for a search of the greatest ``score``."""
    outputs = cloud.outputs("Toy")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{outputs['Bucket']}/data/"}
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": trials, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": ranges or {"ContinuousParameterRanges": [RATES]},
            **config,
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"style": "skirt"},
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "score", "Regex": r"score=([0-9.e-]+)"}],
            },
            "RoleArn": outputs["JobRole"],
            "InputDataConfig": [{"ChannelName": "dataset", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": f"s3://{outputs['Bucket']}/models", "CompressionType": "NONE"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        },
    }


def ended(cloud: LocalCloud, name: str) -> Record:
    """The description of a tuning job, once it has ended."""
    client = cloud.client("sagemaker")

    def done() -> Record | None:
        job: Record = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        return job if job["HyperParameterTuningJobStatus"] in ("Completed", "Failed", "Stopped") else None

    found: Record = until(done, cloud, seconds=60)
    return found


def trials(cloud: LocalCloud, name: str, **options: Any) -> list[Record]:
    """Its trials."""
    client = cloud.client("sagemaker")
    found: list[Record] = client.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name, **options
    )["TrainingJobSummaries"]
    return found


def test_trials_differ_in_what_is_searched_and_the_best_is_named(cloud: LocalCloud) -> None:
    cloud.client("sagemaker").create_hyper_parameter_tuning_job(
        **request(cloud, "finds"), Tags=[{"Key": "of", "Value": "us"}]
    )

    found = ended(cloud, "finds")

    assert found["HyperParameterTuningJobStatus"] == "Completed"
    assert found["TrainingJobStatusCounters"]["Completed"] == found["ObjectiveStatusCounters"]["Succeeded"] == 3
    each = trials(cloud, "finds", SortBy="FinalObjectiveMetricValue", SortOrder="Descending")
    values = [float(one["TunedHyperParameters"]["rate"]) for one in each]
    assert len(set(values)) == 3
    assert all(0.001 <= value <= 1 for value in values)
    assert values == sorted(values, reverse=True)
    best = found["BestTrainingJob"]
    assert best["TrainingJobName"] == each[0]["TrainingJobName"]
    assert best["TrainingJobName"].startswith("finds-00")
    job = cloud.client("sagemaker").describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert job["HyperParameters"]["_tuning_objective_metric"] == "score"
    assert job["HyperParameters"]["style"] == "skirt"
    assert job["TuningJobArn"] == found["HyperParameterTuningJobArn"]
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith(f"/{best['TrainingJobName']}/output/model")
    tags = cloud.client("sagemaker").list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "of", "Value": "us"}]


def test_a_trial_that_fails_does_not_end_the_search(cloud: LocalCloud) -> None:
    axes = [{"Name": "fail", "Values": ["", "BadError: no"]}, {"Name": "rate", "Values": ["0.25", "0.5"]}]
    asked = request(cloud, "bears", ranges={"CategoricalParameterRanges": axes}, Strategy="Grid")
    del asked["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    cloud.client("sagemaker").create_hyper_parameter_tuning_job(**asked)

    found = ended(cloud, "bears")

    assert found["HyperParameterTuningJobStatus"] == "Completed"
    counters = found["TrainingJobStatusCounters"]
    assert (counters["Completed"], counters["NonRetryableError"]) == (2, 2)
    assert found["BestTrainingJob"]["TunedHyperParameters"] == {"fail": "", "rate": "0.5"}
    assert found["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 0.5


def test_a_search_without_one_good_trial_fails(cloud: LocalCloud) -> None:
    axes = {"CategoricalParameterRanges": [{"Name": "fail", "Values": ["BadError: no"]}]}
    cloud.client("sagemaker").create_hyper_parameter_tuning_job(**request(cloud, "fails", ranges=axes))

    found = ended(cloud, "fails")

    assert (found["HyperParameterTuningJobStatus"], "BestTrainingJob" in found) == ("Failed", False)


def test_a_search_that_is_stopped_stops_its_trials_and_begins_no_other(cloud: LocalCloud) -> None:
    axes = {"CategoricalParameterRanges": [{"Name": "loop", "Values": ["1"]}]}
    client = cloud.client("sagemaker")
    client.create_hyper_parameter_tuning_job(**request(cloud, "stops", ranges=axes, trials=9))
    until(lambda: len(trials(cloud, "stops")) == 2, cloud)

    client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="stops")

    assert ended(cloud, "stops")["HyperParameterTuningJobStatus"] == "Stopped"
    assert [one["TrainingJobStatus"] for one in trials(cloud, "stops")] == ["Stopped", "Stopped"]


def test_a_state_machine_waits_for_a_search_under_its_own_role(cloud: LocalCloud) -> None:
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createHyperParameterTuningJob.sync",
        "Arguments": request(cloud, "waits", trials=2),
        "Output": "{% $states.result.BestTrainingJob.TrainingJobName %}",
        "End": True,
    }
    client = cloud.client("stepfunctions")
    machine = client.create_state_machine(
        name="searches",
        definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "Search", "States": {"Search": state}}),
        roleArn=cloud.outputs("Toy")["MachineRole"],
    )

    run = client.start_execution(stateMachineArn=machine["stateMachineArn"], name="waits")["executionArn"]
    found = until(lambda: _done(client, run), cloud, seconds=60)

    assert found["status"] == "SUCCEEDED", found
    assert json.loads(found["output"]) == ended(cloud, "waits")["BestTrainingJob"]["TrainingJobName"]


def _done(client: Any, run: str) -> Record | None:
    found: Record = client.describe_execution(executionArn=run)
    return found if found["status"] != "RUNNING" else None


def test_a_search_needs_the_machines_of_its_parallel_trials(cloud: LocalCloud) -> None:
    quota = "ml.m5.large for training job usage"
    cloud.faults.set_quotas({quota: 1})
    try:
        with pytest.raises(ClientError, match=r"ResourceLimitExceeded.*is 1 Instances.*request delta of 2"):
            cloud.client("sagemaker").create_hyper_parameter_tuning_job(**request(cloud, "crowds"))
    finally:
        cloud.faults.set_quotas({})


def test_what_sagemaker_would_refuse_is_refused_at_once(cloud: LocalCloud) -> None:
    client = cloud.client("sagemaker")
    wrong = request(cloud, "wrong")
    wrong["TrainingJobDefinition"]["StaticHyperParameters"]["rate"] = "1"
    with pytest.raises(ClientError, match="rate is there twice"):
        client.create_hyper_parameter_tuning_job(**wrong)
    turned = {"ContinuousParameterRanges": [{**RATES, "MaxValue": "0.0001"}]}
    with pytest.raises(ClientError, match="above its maximum"):
        client.create_hyper_parameter_tuning_job(**request(cloud, "wrong", ranges=turned))
    with pytest.raises(ClientError, match="can't find a tuning job"):
        client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName="wrong")
