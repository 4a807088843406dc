"""Train a base model: upload the pictures, start the pretraining machine, follow it, fetch its report."""

import json as json_text
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.account import Client, account_client, stage_outputs
from cli.follow import POLL_SECONDS, follow
from cli.options import read_options
from cli.progress import Progress
from cli.session import deployed, upload_folder
from cli.terminal import print_json
from contracts.corpus import CAPTIONS, VOCABULARY
from contracts.errors import InvalidInputError
from contracts.layout import S3Uri, dataset_prefix
from contracts.pretraining import PretrainingInput

SECONDS_BETWEEN_LOOKS = 10.0
"""In an account, where a run takes hours and every look is a call that AWS counts."""

REPORT = ("report.html", "sheet.png", "metrics.json")


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where a stage is deployed: its clients, its stacks' outputs, and the seconds between two looks at an execution."""

    client: Client
    outputs: dict[str, str]
    every: float


def run_pretrain(
    *, name: str, dataset: str, stage: str, out: Path, settings: Mapping[str, str], json: bool = False
) -> None:
    """Run it in one stage with ``settings`` of its input; a local one is stopped when the run ends."""
    request = read_input(name, dataset, settings)
    progress = Progress(sys.stderr if json else None)
    if stage != "local":
        output = _run(in_account(stage), request, dataset, out, progress)
    else:
        with deployed((out / "run").resolve(), progress) as deployment:
            account = Account(client=deployment.client, outputs=deployment.outputs, every=POLL_SECONDS)
            output = _run(account, request, dataset, out, progress)
    if json:
        print_json(output)


def read_input(name: str, dataset: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """The execution's input. Raises InvalidInputError with everything that is wrong, before anything is deployed or uploaded."""
    found = name if Path(dataset).is_dir() else dataset
    request = {**read_options(settings, PretrainingInput), "name": name, "dataset": found}
    PretrainingInput.from_json(request)
    return request


def in_account(stage: str) -> Account:
    """The stage in the account of the current credentials. Raises NotDeployedError."""
    outputs = stage_outputs(account_client, stage, ("storage", "training"))
    return Account(client=account_client, outputs=outputs, every=SECONDS_BETWEEN_LOOKS)


def _run(account: Account, request: dict[str, Any], dataset: str, out: Path, progress: Progress) -> dict[str, Any]:
    if Path(dataset).is_dir():
        with progress.stage("upload") as stage:
            upload(account, Path(dataset), request["dataset"], stage.detail)
    started = account.client("stepfunctions").start_execution(
        stateMachineArn=account.outputs["PretrainingMachineArn"],
        name=f"{request['name']}-{time.strftime('%Y%m%d-%H%M%S')}",
        input=json_text.dumps(request),
    )
    output = follow(account.client, started["executionArn"], progress, every=account.every).output
    progress.say(f"\nbase model {output['base_model']}: {output['uri']}")
    progress.say("  ".join(f"{name} {value:g}" for name, value in output["metrics"].items()))
    page = _fetch_report(account, output["report"], out)
    progress.say(f"report     {page}")
    return {**output, "page": str(page)}


def upload(account: Account, folder: Path, name: str, report: Callable[[str], None]) -> None:
    """Put a folder below ``datasets/{name}/``. Raises InvalidInputError where it lacks a file of the format of docs/pretraining.md."""
    for required in (VOCABULARY, CAPTIONS):
        if not (folder / required).is_file():
            allowed = "the format of docs/pretraining.md"
            raise InvalidInputError(f"data set {folder}", got=f"no {required}", allowed=allowed)
    s3, bucket = account.client("s3"), account.outputs["DataBucketName"]
    upload_folder(s3, folder, bucket, dataset_prefix(name), report)


def _fetch_report(account: Account, report: str, out: Path) -> Path:
    address = S3Uri.parse(report)
    folder = address.key.rpartition("/")[0]
    out.mkdir(parents=True, exist_ok=True)
    for name in REPORT:
        account.client("s3").download_file(address.bucket, f"{folder}/{name}", str(out / name))
    return out / REPORT[0]
