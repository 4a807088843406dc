"""Look at the local cloud of a folder from another terminal, stop it, or remove what it keeps."""

import contextlib
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
import psutil

from cli.assembly import made_in
from cli.terminal import print_json
from local.durable import Durable
from local.errors import AWS_ERRORS, LocalCloudError
from local.holding import LOCK, Holder, hold_folder, holder, processes_of
from local.sagemaker.backend import connect
from local.server import READY_NAME
from local.servers_door import servers_of
from local.sizes import CONTENTS, megabytes, remove, sizes
from local.stamp import NAME as STAMP
from local.stamp import Stamp

STOP_SECONDS = 60.0
_FILES = (READY_NAME, "docker", "docker.json", STAMP, LOCK)
"""In a cloud's folder, beside its folders. The last two tell whoever comes in between what this folder is, and that it is held."""

_POLL_SECONDS = 0.1
_LISTS = ("endpoints", "servers", "jobs", "executions")


def run_status(out: Path, *, json: bool = False) -> None:
    """Print what runs in the folder, what is under way, and what it takes on the disk."""
    found = state_of(_cloud(out))
    if json:
        print_json(found)
    else:
        print(_in_words(found))


def state_of(folder: Path) -> dict[str, Any]:
    """The same as one JSON object: sizes in bytes; what is under way is there only while a cloud runs."""
    stamp, held = Stamp.read(folder), holder(folder)
    found: dict[str, Any] = {"folder": str(folder), "runs": held is not None}
    if held:
        found["holder"] = f"{held}{_since(held)}"
    if stamp and stamp.port:
        found |= {"address": f"http://127.0.0.1:{stamp.port}", "region": stamp.region}
    if stamp:
        found |= {"format": stamp.format, "ministack": stamp.ministack}
    if stamp and held:
        found |= _under_way(folder, stamp)
    free = shutil.disk_usage(_existing(folder)).free
    return {**found, "bytes": {name: size for name, size in sizes(folder).items() if size}, "free_bytes": free}


def _in_words(found: Mapping[str, Any]) -> str:
    """A line for each thing that is known."""
    lines = {"folder": found["folder"], "runs": f"yes, {found['holder']}" if found["runs"] else "no"}
    if "address" in found:
        lines["address"] = f"{found['address']} ({found['region']})"
    if "format" in found:
        lines["version"] = f"format {found['format']}, ministack {found['ministack']}"
    if "error" in found:
        lines["under way"] = f"it does not answer: {found['error']}"
    lines |= {name: ", ".join(found[name]) or "none" for name in _LISTS if name in found}
    if "queue" in found:
        lines["queue"] = f"{found['queue']} requests"
    parts = ", ".join(f"{name} {megabytes(size)}" for name, size in found["bytes"].items())
    lines["disk"] = megabytes(sum(found["bytes"].values())) + (f": {parts}" if parts else "")
    lines["free"] = megabytes(found["free_bytes"])
    return "\n".join(f"{name:<12} {text}" for name, text in lines.items())


def run_down(out: Path, *, json: bool = False) -> None:
    """Stop the cloud of the folder; returns when its last process has ended. Raises LocalCloudError where none runs, or it does not end."""
    folder = _cloud(out)
    held = holder(folder)
    if held is None:
        raise LocalCloudError(f"no local cloud runs in {folder}; `make local` starts one")
    if held.process is None:
        raise LocalCloudError(f"{folder} is held by {held}, which cannot be seen from here; stop it where it runs")
    with contextlib.suppress(psutil.NoSuchProcess):
        held.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    while left := [*_holding(folder), *processes_of(folder)]:
        if time.monotonic() > deadline:
            numbers = " ".join(str(process.pid) for process in left)
            raise LocalCloudError(
                f"{held} was sent SIGTERM {STOP_SECONDS:.0f} s ago, and has not ended; kill -9 {numbers} ends it, and nothing is lost"
            )
        time.sleep(_POLL_SECONDS)
    if json:
        print_json({"folder": str(folder), "ended": True})
    else:
        print(f"The local cloud in {folder} has ended; what it holds is kept.")


def run_clean(out: Path, *, json: bool = False) -> None:
    """Remove everything that the local cloud of the folder keeps. Raises LocalCloudError while one runs there."""
    folder = _cloud(out)
    if not folder.exists():
        _tell_removed(folder, None, [], json=json)
        return
    if not (folder / STAMP).exists() and not (folder / "state").exists():
        raise LocalCloudError(f"{folder}: got a folder in which no local cloud has been; nothing in it is removed")
    with hold_folder(folder):
        used = sum(sizes(folder).values())
        for path in (*made_in(out / "run"), *(folder / name for name in (*CONTENTS, *_FILES))):
            remove(path)
    _tell_removed(folder, used, sorted(path.name for path in folder.iterdir()), json=json)


def _tell_removed(folder: Path, used: int | None, left: list[str], *, json: bool) -> None:
    """Say how many bytes are free again; None where there was nothing."""
    if json:
        print_json({"folder": str(folder), "freed_bytes": used or 0, "left": left})
    elif used is None:
        print(f"Nothing is kept in {folder}.")
    else:
        print(f"Removed what was kept in {folder}: {megabytes(used)} are free again.")
    if left and not json:
        print(f"Left there, since it is not the local cloud's: {', '.join(left)}")


def _holding(folder: Path) -> list[psutil.Process]:
    held = holder(folder)
    return [held.process] if held and held.process else []


def _since(held: Holder) -> str:
    with contextlib.suppress(psutil.Error):
        if held.process:
            return time.strftime(", since %Y-%m-%d %H:%M:%S", time.localtime(held.process.create_time()))
    return ""


def _cloud(out: Path) -> Path:
    return (out / "run" / "cloud").resolve()


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())


def health(server: Mapping[str, Any]) -> str:
    """``healthy``, or ``restarting (7 times in a row)``."""
    again = f" ({server['restarts']} times in a row)" if server["restarts"] else ""
    return f"{server['health']}{again}"


def _under_way(folder: Path, stamp: Stamp) -> dict[str, Any]:
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
        servers = [health(each) for each in servers_of(url)]
    except (*AWS_ERRORS, OSError) as error:
        return {"error": str(error)}
    return {
        "endpoints": [f"{each['EndpointName']} {each['EndpointStatus']}" for each in endpoints],
        "servers": servers,
        "jobs": [job.get("TrainingJobName") or job["ProcessingJobName"] for job in jobs],
        "executions": running,
        "queue": len(Durable(folder / "state").table("AsyncRequests").items()),
    }
