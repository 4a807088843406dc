"""Synthesize a stage's templates and deploy them, unchanged, into a local cloud."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.account import api_key, stage_outputs
from cli.client import ApiClient
from cli.progress import Progress
from infra.config import stage_named
from infra.quotas import most_machines
from local.cloud import LocalCloud

ROOT = Path(__file__).resolve().parent.parent


class SynthesisError(RuntimeError):
    """``app.py`` did not write its templates; the text is the end of what it printed."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployed stage: the cloud it runs in and its stacks' outputs, all in one mapping."""

    cloud: LocalCloud
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client of the deployment's cloud, with the account owner's credentials."""
        return self.cloud.client(service)

    @property
    def api(self) -> ApiClient:
        """The HTTP API, with its key."""
        # The output is the address in AWS, https://{id}.execute-api…/{stage}/; here the local cloud answers for it.
        host, stage = self.outputs["ApiUrl"].removeprefix("https://").rstrip("/").split("/")
        return ApiClient(url=self.cloud.api_url(host.split(".")[0], stage), key=api_key(self.client, self.outputs))


@contextmanager
def deployed(
    run_dir: Path, progress: Progress, *, stage: str = "local", port: int | None = None
) -> Iterator[Deployment]:
    """Start a local cloud whose every file lies in ``run_dir``, synthesize ``stage``, deploy it, and stop it all at the end.

    The cloud comes first: it holds the folder and the port, so that a second session ends at once and changes nothing of the first one's.
    The account has the quotas that the stage asks for, and no more.
    Raises LocalCloudError that says who holds them.
    """
    with LocalCloud(run_dir / "cloud", port=port) as cloud:
        cloud.faults.set_quotas(most_machines(stage_named(stage)))
        with progress.stage("synthesize"):
            shutil.rmtree(run_dir / "cdk.out", ignore_errors=True)
            assembly = synthesize(run_dir / "cdk.out", stage)
        with progress.stage("deploy") as stage_line:
            cloud.deploy(assembly, progress=lambda stack: stage_line.detail(f"{stack.stack} {stack.status}"))
        yield Deployment(cloud=cloud, outputs=stage_outputs(cloud.client, stage))


def synthesize(out: Path, stage: str) -> Path:
    """Run ``app.py`` for ``stage`` into ``out``. Raises SynthesisError."""
    context = json.dumps({"stage": stage})
    with tempfile.TemporaryDirectory(dir=out.parent) as temporary:
        environment = {**os.environ, "CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": context, "TMPDIR": temporary}
        # `make templates` validates the templates of every stage; here that would take as long as synthesis itself.
        environment["CDK_VALIDATION"] = "false"
        command = [sys.executable, str(ROOT / "app.py")]
        result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if result.returncode:
        raise SynthesisError(f"app.py ended with {result.returncode}:\n{(result.stdout + result.stderr)[-4_000:]}")
    return out


def upload_folder(
    s3: Any, folder: Path, bucket: str, prefix: str, report: Callable[[str], None] = lambda _: None
) -> None:
    """Put every file of ``folder`` below ``prefix``, and ``report`` each."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for number, path in enumerate(files, start=1):
        s3.upload_file(str(path), bucket, prefix + path.relative_to(folder).as_posix())
        report(f"{number} of {len(files)} files")
