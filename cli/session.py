"""Synthesize a stage's templates and deploy them, unchanged, into a local cloud."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from atelier import Atelier
from cli.account import api_key, stage_outputs
from cli.assembly import drop_old_assets, fingerprint, synthesize
from cli.interrupts import interrupted_by_signals
from cli.progress import Progress
from infra.config import stage_named
from infra.quotas import most_machines
from infra.settings.stage import Stage
from local.cloud import LocalCloud
from local.page_door import page_address
from local.sagemaker.images import images_in_use
from local.sizes import ASSEMBLY
from local.stamp import Stamp

_FIRST_REGION = "us-east-1"
_DEPLOYED = "deployed"
"""Names the file that says of what the stacks in the cloud are made."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A deployed stage: the cloud it runs in and its stacks' outputs, all in one mapping."""

    cloud: LocalCloud
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client of the deployment's cloud, with the account owner's credentials."""
        return self.cloud.client(service)

    @cached_property
    def api(self) -> Atelier:
        """The HTTP API, with its key; one client, whose connections are kept."""
        # The output is the address in AWS, https://{id}.execute-api…/{stage}/; here the local cloud answers for it.
        host, stage = self.outputs["ApiUrl"].removeprefix("https://").rstrip("/").split("/")
        return Atelier(self.cloud.api_url(host.split(".")[0], stage), api_key(self.client, self.outputs))

    @property
    def page(self) -> str:
        """The address of the stage's page, which ends in a slash."""
        return page_address(self.cloud.url, self.outputs["PageDistributionId"])

    def close(self) -> None:
        """Let the connections to the API go, if there are any."""
        if "api" in vars(self):
            self.api.close()


@contextmanager
def deployed(
    run_dir: Path,
    progress: Progress,
    *,
    stage: str = "local",
    port: int | None = None,
    region: str = "",
    fresh: bool = True,
) -> Iterator[Deployment]:
    """Start a local cloud whose every file lies in ``run_dir``, deploy ``stage``, and stop the cloud at the end.

    The cloud comes first: it holds the folder and the port, so that a second session ends at once and changes nothing of the first one's.
    What an earlier cloud left there goes on, unless ``fresh`` is true: then it is removed. Templates are synthesized and deployed
    where something has changed since. The account has the quotas that the stage asks for, and no more.
    The region is ``region``, or the one of the stage's settings, or else that of the last start, at first us-east-1.
    Raises LocalCloudError that says who holds folder or port, or why the folder cannot be used.
    """
    wanted, last = stage_named(stage), None if fresh else Stamp.read(run_dir / "cloud")
    region = region or wanted.placement.region or (last.region if last else _FIRST_REGION)
    cloud = LocalCloud(run_dir / "cloud", port=port, region=region, fresh=fresh)
    placed = wanted.placed(replace(wanted.placement, region=region))
    with interrupted_by_signals(progress.say), cloud:
        cloud.faults.set_quotas(most_machines(placed))
        assembly, mark = run_dir / ASSEMBLY, cloud.run_dir / "state" / _DEPLOYED
        made_of = f"{fingerprint(stage)} {run_dir}"
        if fresh:
            shutil.rmtree(assembly, ignore_errors=True)
        there = mark.exists() and mark.read_text(encoding="utf-8", errors="replace") == made_of
        if not (there and assembly.exists()):
            _deploy(cloud, assembly, placed, progress)
            mark.write_text(made_of, encoding="utf-8")
        with closing(Deployment(cloud=cloud, outputs=stage_outputs(cloud.client, stage))) as deployment:
            yield deployment


def _deploy(cloud: LocalCloud, assembly: Path, stage: Stage, progress: Progress) -> None:
    with progress.stage("synthesize"):
        synthesize(assembly, stage.name, stage.placement.region)
    with progress.stage("deploy") as stage_line:
        cloud.deploy(assembly, progress=lambda stack: stage_line.detail(f"{stack.stack} {stack.status}"))
    drop_old_assets(assembly, images_in_use(cloud.run_dir / "state"))


def upload_folder(
    s3: Any, folder: Path, bucket: str, prefix: str, report: Callable[[str], None] = lambda _: None
) -> None:
    """Put every file of ``folder`` below ``prefix``, and ``report`` each."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for number, path in enumerate(files, start=1):
        s3.upload_file(str(path), bucket, prefix + path.relative_to(folder).as_posix())
        report(f"{number} of {len(files)} files")
