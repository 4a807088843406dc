"""AWS as a command asks it: the account of the current credentials, or the local cloud that runs in a folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from cli.account import account_client
from local.errors import LocalCloudError
from local.holding import holder
from local.sagemaker.backend import connect
from local.stamp import Stamp


def services_of(stage: str, cloud: Path) -> Callable[[str], Any]:
    """What makes boto3 clients for the ``stage``; without one, or for ``local``, of the local cloud in the folder ``cloud``.

    Raises LocalCloudError where none runs there.
    """
    if stage not in ("", "local"):
        return account_client
    folder = (cloud / "run" / "cloud").resolve()
    stamp = Stamp.read(folder)
    if stamp is None or holder(folder) is None:
        raise LocalCloudError(f"no local cloud runs in {cloud}; `atelier up --out {cloud}` starts one")
    url, region = f"http://127.0.0.1:{stamp.port}", stamp.region
    return lambda service: connect(boto3.Session(), service, url=url, region=region)
