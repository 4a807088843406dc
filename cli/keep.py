"""Keep a local cloud up until Ctrl-C."""

import argparse
import time
from pathlib import Path

from cli.progress import Progress
from cli.session import Deployment, deployed
from local.sagemaker.backend import ROOT_KEY

EXPECTED_SECONDS = {"synthesize": 4, "deploy": 8}


def run_local(arguments: argparse.Namespace) -> None:
    """Deploy the ``local`` stage, say how to reach it, and wait."""
    out: Path = arguments.out
    progress = Progress(EXPECTED_SECONDS)
    with deployed((out / "run").resolve(), progress, port=arguments.port) as deployment:
        progress.say(_how_to_reach(deployment))
        stay_up(progress)


def stay_up(progress: Progress) -> None:
    """Return at Ctrl-C."""
    progress.say("\nThe local cloud stays up until Ctrl-C.")
    try:
        while True:
            time.sleep(3_600)
    except KeyboardInterrupt:
        progress.say("\nStopping.")


def _how_to_reach(deployment: Deployment) -> str:
    return f"""
API              {deployment.api.url}
API key          {deployment.api.key}
AWS endpoint     {deployment.cloud.url}   (AWS_ENDPOINT_URL; key and secret {ROOT_KEY!r}, {deployment.cloud.region})
data bucket      {deployment.outputs["DataBucketName"]}
state machine    {deployment.outputs["StateMachineArn"]}"""
