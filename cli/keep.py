"""Keep a local cloud up until Ctrl-C; what it holds is there again at the next start."""

import shutil
import sys
import time
from pathlib import Path

from cli.progress import Progress
from cli.session import Deployment, deployed
from cli.terminal import print_json
from local.errors import LocalCloudError
from local.sagemaker.backend import ROOT_KEY
from local.sizes import LITTLE_BYTES, megabytes, sizes
from local.stamp import Stamp

FIRST_PORT = 4700
_LOOK_SECONDS = 1.0


def run_local(*, out: Path, port: int | None, region: str, json: bool = False) -> None:
    """Deploy the ``local`` stage where it is not deployed yet, say how to reach it, and wait."""
    folder = (out / "run").resolve()
    progress, stamp = Progress(sys.stderr if json else None), Stamp.read(folder / "cloud")
    port = port or (stamp.port if stamp else 0) or FIRST_PORT
    with deployed(folder, progress, port=port, region=region, fresh=False) as deployment:
        if json:
            print_json(addresses(deployment))
            sys.stdout.flush()
        progress.say(_how_to_reach(deployment))
        progress.say(_disk_use(deployment.cloud.run_dir))
        stay_up(deployment, progress)


def stay_up(deployment: Deployment, progress: Progress) -> None:
    """Return at Ctrl-C. Raises LocalCloudError where the cloud ends by itself."""
    out = deployment.cloud.run_dir.parent.parent
    progress.say(f"\nThe local cloud stays up until Ctrl-C, or `atelier down --out {out}`.")
    try:
        while deployment.cloud.running:
            if not deployment.cloud.in_place:
                raise LocalCloudError(f"{out} was moved or removed while the local cloud ran; it has been stopped")
            time.sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        return
    raise LocalCloudError(f"the local cloud has ended by itself; {deployment.cloud.log_path} says more")


def addresses(deployment: Deployment) -> dict[str, str]:
    """How to reach it, for programs. Key and secret of the AWS endpoint are the same word."""
    return {
        "page": deployment.page,
        "api": deployment.api.url,
        "key": deployment.api.key,
        "aws_endpoint": deployment.cloud.url,
        "aws_key": ROOT_KEY,
        "region": deployment.cloud.region,
        "data_bucket": deployment.outputs["DataBucketName"],
        "state_machine": deployment.outputs["StateMachineArn"],
        "folder": str(deployment.cloud.run_dir),
    }


def _how_to_reach(deployment: Deployment) -> str:
    return f"""
page             {deployment.page}
API              {deployment.api.url}
API key          {deployment.api.key}
AWS endpoint     {deployment.cloud.url}   (AWS_ENDPOINT_URL; key and secret {ROOT_KEY!r}, {deployment.cloud.region})
data bucket      {deployment.outputs["DataBucketName"]}
state machine    {deployment.outputs["StateMachineArn"]}"""


def _disk_use(folder: Path) -> str:
    used, free = sum(sizes(folder).values()), shutil.disk_usage(folder).free
    line = f"kept in          {folder}   ({megabytes(used)}; `make local-clean` removes it)"
    if free >= LITTLE_BYTES:
        return line
    return f"{line}\nlittle room      {megabytes(free)} are free on the disk; below 8 MB requests are refused"
