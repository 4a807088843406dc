"""Train a base model: upload the pictures, start the pretraining machine, follow it, fetch its report."""

import argparse
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from cli.follow import POLL_SECONDS, follow
from cli.progress import Progress
from cli.session import deployed
from contracts.corpus import CAPTIONS, VOCABULARY
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri, dataset_prefix

EXPECTED_SECONDS = {"synthesize": 4, "deploy": 8}
SECONDS_BETWEEN_LOOKS = 10.0
"""In an account, where a run takes hours and looking is a call that is counted."""

REPORT = ("report.html", "sheet.png", "metrics.json")


class NotDeployedError(RuntimeError):
    """The stage's stacks are not in the account of the current credentials."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where a stage is deployed: its clients, its stacks' outputs, and how often to look."""

    client: Callable[[str], Any]
    outputs: dict[str, str]
    every: float


def run_pretrain(arguments: argparse.Namespace) -> None:
    """Run it in the stage that was asked for; a local one lives as long as the run."""
    given = read_input(arguments)
    progress = Progress(EXPECTED_SECONDS)
    out: Path = arguments.out
    if arguments.stage != "local":
        _run(in_account(arguments.stage), given, arguments.dataset, out, progress)
        return
    shutil.rmtree(out / "run", ignore_errors=True)
    with deployed((out / "run").resolve(), progress) as deployment:
        account = Account(client=deployment.client, outputs=deployment.outputs, every=POLL_SECONDS)
        _run(account, given, arguments.dataset, out, progress)


def read_input(arguments: argparse.Namespace) -> dict[str, Any]:
    """The execution's input; the machine's first state checks it. Raises InvalidInputError where it is not an object."""
    try:
        given = json.loads(arguments.input)
    except ValueError as error:
        raise InvalidInputError("--input", got=arguments.input, allowed="a JSON object") from error
    if not isinstance(given, dict):
        raise InvalidInputError("--input", got=given, allowed="a JSON object")
    named = Path(arguments.dataset)
    return {**given, "name": arguments.name, "dataset": arguments.name if named.is_dir() else arguments.dataset}


def in_account(stage: str) -> Account:
    """The stage in the account of the current credentials. Raises NotDeployedError."""
    outputs: dict[str, str] = {}
    clients: Any = boto3.client
    cloudformation = clients("cloudformation")
    for stack in ("storage", "training"):
        name = f"atelier-{stage}-{stack}"
        try:
            found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except cloudformation.exceptions.ClientError as error:
            raise NotDeployedError(f"{name}: {error}; deploy it with: make deploy STAGE={stage}") from error
        outputs |= {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    return Account(client=clients, outputs=outputs, every=SECONDS_BETWEEN_LOOKS)


def _run(account: Account, given: dict[str, Any], dataset: str, out: Path, progress: Progress) -> None:
    if Path(dataset).is_dir():
        with progress.stage("upload") as stage:
            upload(account, Path(dataset), given["dataset"], stage.detail)
    started = account.client("stepfunctions").start_execution(
        stateMachineArn=account.outputs["PretrainingMachineArn"],
        name=f"{given['name']}-{time.strftime('%Y%m%d-%H%M%S')}",
        input=json.dumps(given),
    )
    output = follow(account.client, started["executionArn"], progress, every=account.every).output
    progress.say(f"\nbase model {output['base_model']}: {output['uri']}")
    progress.say("  ".join(f"{name} {value:g}" for name, value in output["metrics"].items()))
    progress.say(f"report     {_fetch_report(account, output['report'], out)}")


def upload(account: Account, folder: Path, name: str, said: Callable[[str], None]) -> None:
    """Put a folder in the format of docs/pretraining.md below ``datasets/{name}/``. Raises InvalidInputError where it is another."""
    for needed in (VOCABULARY, CAPTIONS):
        if not (folder / needed).is_file():
            raise InvalidInputError(
                f"data set {folder}", got=f"no {needed}", allowed="the format of docs/pretraining.md"
            )
    s3, bucket = account.client("s3"), account.outputs["DataBucketName"]
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for number, path in enumerate(files, start=1):
        s3.upload_file(str(path), bucket, dataset_prefix(name) + path.relative_to(folder).as_posix())
        said(f"{number} of {len(files)} files")


def _fetch_report(account: Account, report: str, out: Path) -> Path:
    address = S3Uri.parse(report)
    folder = address.key.rpartition("/")[0]
    out.mkdir(parents=True, exist_ok=True)
    for name in REPORT:
        account.client("s3").download_file(address.bucket, f"{folder}/{name}", str(out / name))
    return out / REPORT[0]
