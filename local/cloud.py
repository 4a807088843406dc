"""The local cloud as a context manager: start it, deploy a cloud assembly into it, call it with boto3, leave nothing behind."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Self

import boto3
import psutil
from botocore.loaders import Loader

from local.assembly import read_assembly
from local.clock_door import PATH as CLOCK_PATH
from local.deploy import Deployer, OnProgress, StackProgress
from local.errors import DeploymentError, LocalCloudError
from local.faults import Faults
from local.holding import SERVER, end_leftovers, hold_folder, is_held, processes_of
from local.preparation import prepare
from local.sagemaker.backend import connect
from local.server import READY_NAME, child_environment
from local.servers_door import servers_of
from local.stamp import FORMAT, Stamp
from local.supervisor import STOP_SECONDS

_ROOT = Path(__file__).resolve().parent.parent
_START_SECONDS = 60.0
_STOP_MARGIN_SECONDS = 10.0
_TURN_SECONDS = 600.0
_POLL_SECONDS = 0.02
_LOG_LINES = 30


class LocalCloud:
    """AWS on this machine: everything it writes is below `run_dir`, everything it starts ends with it.

    What an earlier one left in `run_dir` is there again, and goes on, unless `fresh` is true: then it is removed,
    where that one began afresh too.
    `port` None takes that of before, or a free one. Only 127.0.0.1 is bound. The account and the region, one of the partition
    `aws`, are what templates see. Raises LocalCloudError for a region that AWS does not have there.
    """

    def __init__(
        self,
        run_dir: Path,
        *,
        port: int | None = None,
        region: str = "us-east-1",
        account: str = "123456789012",
        fresh: bool = False,
    ) -> None:
        self.run_dir = run_dir.resolve()
        if region not in (known := _regions()):
            raise LocalCloudError(f"region: got {region!r}; allowed: {', '.join(known)}")
        self.region, self.account = region, account
        self._wanted_port, self._fresh = port, fresh
        self._stamp = Stamp(account=account, region=region)
        self._port: int | None = None
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None
        self._session = boto3.Session()
        self._clients: dict[str, Any] = {}
        self.faults = Faults(self.run_dir)

    def __enter__(self) -> Self:
        """Start the server and wait until it is healthy.

        Raises LocalCloudError that names who holds the folder or the port, or with the end of the server's log.
        """
        mask = os.umask(0o077)  # photos of people are in it
        try:
            self._start()
        finally:
            os.umask(mask)
        return self

    def _start(self) -> None:
        self._lock = lock = hold_folder(self.run_dir)
        try:
            self._stamp, port = prepare(self.run_dir, self._stamp, port=self._wanted_port, fresh=self._fresh)
            self.log_path.parent.mkdir(exist_ok=True)
        except BaseException:
            self._release_folder()
            raise
        arguments = [str(self.run_dir), str(port), self.account, self.region]
        with self.log_path.open("wb") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "local.supervisor", sys.executable, "-m", SERVER, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=_ROOT,
                env={**child_environment(), "HOME": str(self.run_dir / "home"), "TMPDIR": str(self.run_dir / "tmp")},
                start_new_session=True,
                pass_fds=[lock.fileno()],  # the folder stays locked until the supervisor, too, has ended
            )
        try:
            self._wait_healthy()
            self._stamp = replace(self._stamp, port=self._port or 0, format=FORMAT, ministack=Stamp.ministack)
            self._stamp.write(self.run_dir)
            self._fresh = False  # started again, this one goes on
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        """End the server and everything it started."""
        self.close()

    def close(self) -> None:
        """Close the supervisor's standard input, which ends the server, and wait until all processes have ended."""
        supervisor, self._supervisor = self._supervisor, None
        if supervisor:
            assert supervisor.stdin is not None
            supervisor.stdin.close()
            try:
                supervisor.wait(STOP_SECONDS + _STOP_MARGIN_SECONDS)
            except subprocess.TimeoutExpired:
                supervisor.kill()
                supervisor.wait()
            if supervisor.returncode < 0:  # it was killed, and its server ends by itself
                psutil.wait_procs(list(processes_of(self.run_dir)), STOP_SECONDS)
                end_leftovers(self.run_dir)
        self._release_folder()

    @property
    def running(self) -> bool:
        """Whether the server is up."""
        return self._supervisor is not None and self._supervisor.poll() is None

    @property
    def in_place(self) -> bool:
        """Whether its folder is where it was: nobody has moved or removed it."""
        return self._lock is not None and is_held(self.run_dir, self._lock)

    @property
    def log_path(self) -> Path:
        """The server's own log."""
        return self.run_dir / "logs" / "server.log"

    @property
    def url(self) -> str:
        """Where the cloud answers. Raises LocalCloudError before it runs."""
        if self._port is None:
            raise LocalCloudError("the local cloud is not running; use it in a `with` block")
        return f"http://127.0.0.1:{self._port}"

    def api_url(self, rest_api_id: str, stage: str) -> str:
        """Where a REST API of the cloud answers plain HTTP, without a slash at the end."""
        return f"{self.url}/_aws/execute-api/{rest_api_id}/{stage}"

    def client(self, service: str) -> Any:
        """A boto3 client of the account's root."""
        if service not in self._clients:
            self._clients[service] = connect(self._session, service, url=self.url, region=self.region)
        return self._clients[service]

    def deploy(self, assembly_dir: Path, progress: OnProgress = lambda _: None) -> None:
        """Create or update every stack of a cloud assembly, in order.

        `progress` gets a StackProgress when a stack begins and when it has ended. Raises DeploymentError that names the
        failing resource and its reason.
        """
        deployer = Deployer(self.client, url=self.url, region=self.region)
        first = not self.client("cloudformation").describe_stacks()["Stacks"]
        replace(self._stamp, half_deployed=first).write(self.run_dir)
        try:
            deployer.deploy(read_assembly(assembly_dir, account=self.account, region=self.region), progress)
        except DeploymentError as error:
            raise DeploymentError(
                f"{error}\n(what ran wrote to {self.run_dir}, the server to {self.log_path})"
            ) from error
        self._stamp.write(self.run_dir)

    def turn_clock(self, minutes: int) -> None:
        """Let minutes pass for metrics, alarms and scaling, which stand still otherwise; returns when all that follows is done."""
        request = urllib.request.Request(f"{self.url}{CLOCK_PATH}?minutes={minutes}", method="POST")
        with _without_proxy().open(request, timeout=_TURN_SECONDS):
            pass

    def servers(self) -> list[dict[str, Any]]:
        """How the model servers are: endpoint, variant, process, port, health, and restarts in a row."""
        return servers_of(self.url)

    def outputs(self, stack_name: str) -> dict[str, str]:
        """The outputs of a stack."""
        stack = self.client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def _release_folder(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def _wait_healthy(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            assert self._supervisor is not None
            if self._supervisor.poll() is not None:
                raise LocalCloudError(f"the local cloud ended while starting; {self._log_tail()}")
            if self._answers():
                return
            time.sleep(_POLL_SECONDS)
        raise LocalCloudError(f"the local cloud did not get healthy in {_START_SECONDS:.0f} s; {self._log_tail()}")

    def _answers(self) -> bool:
        ready = self.run_dir / READY_NAME
        if not ready.exists():
            return False
        self._port = json.loads(ready.read_text(encoding="utf-8"))["port"]
        try:
            with _without_proxy().open(f"{self.url}/_ministack/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _log_tail(self) -> str:
        lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]
        return "the end of its log:\n" + "\n".join(lines)


def _regions() -> list[str]:
    """The regions of the partition ``aws`` that the installed botocore knows; China's, GovCloud's and the isolated ones are of others."""
    partitions = Loader().load_data("partitions")["partitions"]
    return sorted(name for name in partitions[0]["regions"] if name != "aws-global")


def _without_proxy() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


__all__ = ["LocalCloud", "StackProgress"]
