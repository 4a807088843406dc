"""Look at the local cloud of a folder from another terminal, stop it, or remove what it keeps."""

import argparse
import contextlib
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import boto3
import psutil

from local.durable import Durable
from local.errors import AWS_ERRORS, LocalCloudError
from local.holding import hold_folder, holder, processes_in
from local.sagemaker.backend import connect
from local.sizes import megabytes, sizes
from local.stamp import Stamp

STOP_SECONDS = 60.0
_POLL_SECONDS = 0.1


def run_status(arguments: argparse.Namespace) -> None:
    """Print what runs in the folder, what is under way, and what it takes on the disk."""
    folder = _cloud(arguments.out)
    stamp, held = Stamp.read(folder), holder(folder)
    lines = {"folder": str(folder), "runs": "no"}
    if held:
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(psutil.Process(held.pid).create_time()))
        lines["runs"] = f"yes, pid {held.pid}, since {since} ({held.command})"
    if stamp:
        lines["address"] = f"http://127.0.0.1:{stamp.port} ({stamp.region})"
        lines["version"] = f"format {stamp.format}, ministack {stamp.ministack}"
    if stamp and held:
        lines |= _under_way(folder, stamp)
    used = sizes(folder)
    lines["disk"] = f"{megabytes(sum(used.values()))}: " + ", ".join(
        f"{k} {megabytes(v)}" for k, v in used.items() if v
    )
    lines["free"] = megabytes(shutil.disk_usage(_existing(folder)).free)
    print("\n".join(f"{name:<12} {text}" for name, text in lines.items()))


def run_down(arguments: argparse.Namespace) -> None:
    """Stop the cloud of the folder; returns when its last process has ended. Raises LocalCloudError where none runs, or it does not end."""
    folder = _cloud(arguments.out)
    held = holder(folder)
    if held is None:
        raise LocalCloudError(f"no local cloud runs in {folder}; `make local` starts one")
    with contextlib.suppress(ProcessLookupError):
        os.kill(held.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while holder(folder) or list(processes_in(folder)):
        if time.monotonic() > deadline:
            raise LocalCloudError(
                f"pid {held.pid} ({held.command}) still runs {STOP_SECONDS:.0f} s after SIGTERM; end it with kill -9"
            )
        time.sleep(_POLL_SECONDS)
    print(f"The local cloud in {folder} has ended; what it holds is kept.")


def run_clean(arguments: argparse.Namespace) -> None:
    """Remove everything that the local cloud of the folder keeps. Raises LocalCloudError while one runs there."""
    folder = _cloud(arguments.out)
    if not folder.exists():
        print(f"Nothing is kept in {folder}.")
        return
    with hold_folder(folder):
        used = sum(sizes(folder).values())
        for path in (*folder.parent.iterdir(), *folder.iterdir()):
            if path != folder:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    print(f"Removed what was kept in {folder}: {megabytes(used)} are free again.")


def _cloud(out: Path) -> Path:
    return (out / "run" / "cloud").resolve()


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def _under_way(folder: Path, stamp: Stamp) -> dict[str, str]:
    """What the running cloud says of its endpoints, jobs and executions."""
    url = f"http://127.0.0.1:{stamp.port}"

    def client(service: str) -> Any:
        return connect(boto3.Session(), service, url=url, region=stamp.region)

    try:
        sagemaker, states = client("sagemaker"), client("stepfunctions")
        endpoints = sagemaker.list_endpoints()["Endpoints"]
        jobs = [
            *sagemaker.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"],
            *sagemaker.list_processing_jobs(StatusEquals="InProgress")["ProcessingJobSummaries"],
        ]
        machines = [each["stateMachineArn"] for each in states.list_state_machines()["stateMachines"]]
        running = [
            execution["name"]
            for machine in machines
            for execution in states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
        ]
    except AWS_ERRORS as error:
        return {"under way": f"it does not answer: {error}"}
    named = [f"{each['EndpointName']} {each['EndpointStatus']}" for each in endpoints]
    names = [job.get("TrainingJobName") or job["ProcessingJobName"] for job in jobs]
    waiting = len(Durable(folder / "state").table("AsyncRequests").items())
    return {
        "endpoints": ", ".join(named) or "none",
        "jobs": ", ".join(names) or "none",
        "executions": ", ".join(running) or "none",
        "queue": f"{waiting} requests",
    }
