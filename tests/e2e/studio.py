"""The deployed system as its users reach it: upload, run, wait, look."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cli.session import Deployment

SAMPLE = Path(__file__).resolve().parents[2] / "models" / "tiny" / "sample"
FEW_STEPS = {"max_steps": 2, "batch_size": 1, "checkpoint_steps": 100}
OPEN_GATE = {"garment_share": 0}
"""Two steps teach nothing, and no test here is about how good a style is."""
DEADLINE_SECONDS = 240

Found = TypeVar("Found")


def sample(*, pictures: int, looks: int) -> dict[str, bytes]:
    """The first files of the sample dataset, by their path in it: pictures to train on and looks to judge by."""
    root = SAMPLE / "dataset"
    trained, judged = sorted(root.glob("*.png"))[:pictures], sorted((root / "evaluation").glob("*.png"))[:looks]
    paths = [root / "dataset_info.json", *trained, *judged]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How an execution ended."""

    status: str
    error: str
    cause: str
    output: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Studio:
    """The deployed system, as its three kinds of user reach it."""

    deployment: Deployment

    def client(self, service: str) -> Any:
        return self.deployment.client(service)

    def bucket(self, name: str) -> str:
        return self.deployment.outputs[f"{name}BucketName"]

    def upload(self, style: str, files: dict[str, bytes] | None = None) -> str:
        """Put a dataset (the smallest useful part of the sample unless ``files`` are given) and return its address."""
        for name, data in (files or sample(pictures=4, looks=1)).items():
            self.client("s3").put_object(Bucket=self.bucket("Data"), Key=f"datasets/{style}/{name}", Body=data)
        return f"s3://{self.bucket('Data')}/datasets/{style}/"

    def start(self, name: str, given: dict[str, Any]) -> str:
        machine = self.deployment.outputs["StateMachineArn"]
        started = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(given)
        )
        return str(started["executionArn"])

    def execution(self, training: str) -> str:
        """The execution that a training of the API is."""
        return self.deployment.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:") + f":{training}"

    def wait(self, arn: str) -> Ended:
        """Wait for the end of an execution."""
        return self.until(lambda: self._ended(arn))

    def run(self, name: str, **given: Any) -> Ended:
        """Start and wait. Unless given: a small dataset, a skirt as target, two steps of training, and a gate that lets them pass."""
        given.setdefault("style", name)
        if "dataset" not in given:
            given["dataset"] = self.upload(given["style"])
        defaults = {"target": "a skirt", "hyperparameters": FEW_STEPS, "gate": OPEN_GATE, "baseline": "none"}
        return self.wait(self.start(name, {**defaults, **given}))

    def upload_by_name(self, style: str, files: dict[str, bytes] | None = None) -> str:
        """Put a dataset and return what a client of the API calls it."""
        return self.upload(style, files).removeprefix(f"s3://{self.bucket('Data')}/")

    def until_state(self, arn: str, state: str) -> None:
        """Wait until an execution has entered ``state``."""
        history = self.client("stepfunctions").get_execution_history

        def entered() -> bool | None:
            events = history(executionArn=arn, maxResults=1000)["events"]
            names = [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]
            return state in names or None

        self.until(entered)

    def published(self, style: str) -> set[str]:
        """Keys below ``styles/{style}/`` of the model bucket."""
        listed = self.client("s3").list_objects_v2(Bucket=self.bucket("Model"), Prefix=f"styles/{style}/")
        return {item["Key"].removeprefix(f"styles/{style}/") for item in listed.get("Contents", [])}

    def written(self, execution: str) -> list[str]:
        """Keys of what a run's steps wrote into the data bucket."""
        listed = self.client("s3").list_objects_v2(Bucket=self.bucket("Data"), Prefix=f"runs/{execution}/")
        return [str(item["Key"]) for item in listed.get("Contents", [])]

    def packages(self, style: str) -> list[dict[str, Any]]:
        """The style's model packages, newest first; none where its group was never made."""
        listed = self.client("sagemaker").list_model_packages(ModelPackageGroupName=f"atelier-local-{style}")
        return list(listed["ModelPackageSummaryList"])

    def _ended(self, arn: str) -> Ended | None:
        said = self.client("stepfunctions").describe_execution(executionArn=arn)
        if said["status"] == "RUNNING":
            return None
        return Ended(
            status=said["status"],
            error=said.get("error", ""),
            cause=said.get("cause", ""),
            output=json.loads(said.get("output") or "{}"),
        )

    def until(self, look: Callable[[], Found | None]) -> Found:
        """Look again and again until there is something to see. Raises AssertionError at the deadline."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            if (found := look()) is not None:
                return found
            time.sleep(0.2)
        raise AssertionError(f"nothing after {DEADLINE_SECONDS} s")
