"""Looks at what a run has left when everything has settled: in the services, in the folder, among the processes."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from contracts.artifact import StyleManifest
from contracts.layout import LATEST, MANIFEST, STYLES, UPLOADS
from tests.chaos.discards import CAPE
from tests.chaos.evidence import Evidence, Run, Version
from tests.chaos.history import TRAINING, History
from tests.chaos.injuries import below
from tests.chaos.keeping import RAN_OUT
from tests.chaos.messages import Webhook
from tests.chaos.model_runs import finished
from tests.chaos.receivers import Receivers
from tests.chaos.restarts import Restarts
from tests.chaos.schedule import STYLES as NAMES
from tests.e2e.studio import Studio

PAINTING = "painting for a batch"
"""The status of the record of a batch's row whose prediction a state waits for."""

_STATUSES = {"SUCCEEDED": "succeeded", "ABORTED": "canceled", "RUNNING": "processing"}


def record(studio: Studio, key: str) -> dict[str, Any]:
    """The data of a record of the stage's table; empty where there is none."""
    table = studio.deployment.outputs["TableName"]
    item = studio.client("dynamodb").get_item(TableName=table, Key={"pk": {"S": key}}, ConsistentRead=True).get("Item")
    return dict(json.loads(item["data"]["S"])) if item else {}


def webhooks(studio: Studio) -> list[Webhook]:
    """What the stage's table says of what clients are to be told."""
    return [
        Webhook(name=key.partition("#")[2], of=data["of"][1], status=status)
        for key, status, data in _Look(studio=studio).records()
        if key.startswith("webhook#")
    ]


def gather(studio: Studio, history: History, restarts: Restarts, receivers: Receivers) -> Evidence:
    """Everything but the processes that outlive the local cloud, which cannot be seen before it has ended."""
    look = _Look(studio=studio)
    kept = list(look.records())
    records = {key.partition("#")[2]: data for key, _, data in kept if key.startswith("prediction#")}
    return Evidence(
        runs=dict(restarts.painted + finished(studio.deployment.cloud.run_dir)),
        attempts={one: int(data.get("attempts", 1)) for one, data in records.items()},
        cut_off=dict(restarts.cut_off),
        outputs=look.outputs(),
        gave_up=frozenset(one for one, data in records.items() if RAN_OUT in str(data.get("error"))),
        trainings=look.trainings(),
        versions=tuple(look.versions()),
        latest=look.latest(),
        packages={p["ModelPackageArn"]: p["ModelApprovalStatus"] for n in (*NAMES, CAPE) for p in studio.packages(n)},
        endpoints=look.endpoints(),
        jobs=tuple(look.trained()),
        running=tuple(look.running()) if not history.open(TRAINING) else (),
        left_folders=tuple(look.left_folders()),
        dead_letters=tuple(look.dead_letters()),
        rows=look.rows(),
        waiting_items=tuple(key for key, status, _ in kept if status == PAINTING),
        running_batches=tuple(look.running_batches()),
        prompts=dict(Counter(str(data["input"].get("prompt")) for data in records.values() if _is_alone(data))),
        folders=look.folders(),
        deletions=tuple(key for key, _, _ in kept if key.startswith("deletion#")),
        files=look.files(),
        messages=receivers.heard(),
        strayed=receivers.strayed(),
        webhooks=tuple(webhooks(studio)),
    )


def _is_alone(data: dict[str, Any]) -> bool:
    """Whether a prediction's record, which has not lost what it was asked, is of no batch."""
    return bool(data.get("input") and not data.get("item"))


@dataclass(frozen=True, kw_only=True)
class _Look:
    studio: Studio

    def records(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Keys, statuses and data."""
        table = self.studio.deployment.outputs["TableName"]
        for page in self.studio.client("dynamodb").get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                yield item["pk"]["S"], item["status"]["S"], json.loads(item["data"]["S"])

    def outputs(self) -> dict[str, int]:
        return dict(Counter(key.split("/")[-2] for key in self._keys("Media", "outputs/")))

    def rows(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for _, status, data in self.records():
            if data.get("item") and data.get("input"):
                prompt = data["input"]["prompt"]
                found[prompt] = (*found.get(prompt, ()), status)
        return found

    def running_batches(self) -> Iterator[str]:
        machine, client = self.studio.deployment.outputs["BatchMachineArn"], self.studio.client("stepfunctions")
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine, statusFilter="RUNNING")
        yield from (each["name"] for page in pages for each in page["executions"])

    def folders(self) -> dict[str, frozenset[int]]:
        found: dict[str, frozenset[int]] = {}
        for _, style, number, *_ in (key.split("/") for key in self._keys("Model", STYLES)):
            if number.isdigit():
                found[style] = found.get(style, frozenset()) | {int(number)}
        return found

    def files(self) -> frozenset[str]:
        return frozenset(key.split("/")[2] for key in self._keys("Media", UPLOADS))

    def trainings(self) -> dict[str, Run]:
        machine, client = self.studio.deployment.outputs["StateMachineArn"], self.studio.client("stepfunctions")
        pages = client.get_paginator("list_executions").paginate(stateMachineArn=machine)
        return {each["name"]: self._run(each["executionArn"]) for page in pages for each in page["executions"]}

    def _run(self, arn: str) -> Run:
        client = self.studio.client("stepfunctions")
        described = client.describe_execution(executionArn=arn)
        pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
        events = [event for page in pages for event in page["events"]]
        output, given = json.loads(described.get("output") or "{}"), json.loads(described["input"])
        version = f"{output['style']}@{output['version']}" if output.get("adapter") or output.get("endpoint") else ""
        return Run(
            status=_STATUSES.get(described["status"], "failed"),
            started=frozenset(e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e),
            version=version,
            resumes=given.get("resume", ""),
        )

    def versions(self) -> Iterator[Version]:
        s3, bucket = self.studio.client("s3"), self.studio.bucket("Model")
        listed = dict(self._listed("Model", STYLES))
        for key in (key for key in listed if key.endswith(f"/{MANIFEST}")):
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            manifest, folder = StyleManifest.from_json(json.loads(body)), key.removesuffix(MANIFEST)
            there = {name: hash_ for name in manifest.files if (hash_ := self._hash(bucket, folder + name))}
            yield Version(
                style=manifest.style,
                number=int(folder.split("/")[2]),
                run=manifest.execution,
                package=manifest.model_package or "",
                complete=there == dict(manifest.files),
                newest_is_manifest=all(
                    when <= listed[key] for other, when in listed.items() if other.startswith(folder)
                ),
            )

    def _hash(self, bucket: str, key: str) -> str:
        s3 = self.studio.client("s3")
        try:
            return hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest()
        except s3.exceptions.NoSuchKey:
            return ""

    def latest(self) -> dict[str, int]:
        s3, bucket = self.studio.client("s3"), self.studio.bucket("Model")
        keys = [key for key in self._keys("Model", STYLES) if key.endswith(f"/{LATEST}")]
        bodies = {key: json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys}
        return {key.split("/")[1]: int(body["version"]) for key, body in bodies.items() if body["version"]}

    def endpoints(self) -> dict[str, tuple[str, int]]:
        """Styles' own endpoints, and which version each serves."""
        listed = self.studio.client("sagemaker").list_endpoints(NameContains="-style-", MaxResults=100)["Endpoints"]
        parts = {each["EndpointName"]: each["EndpointName"].partition("-style-")[2] for each in listed}
        return {name: (part.rpartition("-v")[0], int(part.rpartition("-v")[2])) for name, part in parts.items()}

    def trained(self) -> Iterator[str]:
        sagemaker = self.studio.client("sagemaker")
        pages = sagemaker.get_paginator("list_training_jobs").paginate(StatusEquals="Completed")
        for job in (job for page in pages for job in page["TrainingJobSummaries"]):
            described = sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"])
            yield described["HyperParameters"]["execution"].strip('"')

    def running(self) -> Iterator[str]:
        sagemaker = self.studio.client("sagemaker")
        for kind in ("Training", "Processing"):
            pages = sagemaker.get_paginator(f"list_{kind.lower()}_jobs").paginate(StatusEquals="InProgress")
            yield from (job[f"{kind}JobName"] for page in pages for job in page[f"{kind}JobSummaries"])

    def left_folders(self) -> Iterator[str]:
        """Workers' folders that no process of this run works in."""
        run_dir = self.studio.deployment.cloud.run_dir
        folders = (folder.name for folder in (run_dir / "tmp").glob("ministack-lambda-*"))
        yield from left(folders, " ".join(command for _, command in below(run_dir)))

    def dead_letters(self) -> Iterator[dict[str, Any]]:
        sqs = self.studio.client("sqs")
        for url in sqs.list_queues().get("QueueUrls", []):
            while messages := sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600, MessageAttributeNames=["All"]
            ).get("Messages"):
                yield from messages

    def _keys(self, bucket: str, prefix: str) -> list[str]:
        return [key for key, _ in self._listed(bucket, prefix)]

    def _listed(self, bucket: str, prefix: str) -> Iterator[tuple[str, Any]]:
        pages = self.studio.client("s3").get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.studio.bucket(bucket), Prefix=prefix):
            yield from ((str(item["Key"]), item["LastModified"]) for item in page.get("Contents", []))


def failures(history: History) -> dict[str, int]:
    """Why predictions and trainings failed, in the beginning of their own words, by how often."""
    lasts = (looks[-1] for looks in history.looks.values() if looks)
    texts = [look.fixed.partition(" ")[2] for look in lasts if look.status == "failed"]
    return dict(Counter(text[:160] for text in texts).most_common(25))


def left(folders: Iterable[str], commands: str) -> Iterator[str]:
    """The workers' folders that no command names, but for one of each function.

    That of an idle worker that was killed goes with the next call of its function, which may never be called again.
    """
    functions = defaultdict(list)
    for folder in sorted(folders):
        if folder not in commands:
            functions[folder.rpartition("-")[0]].append(folder)
    for found in functions.values():
        yield from found[1:]
