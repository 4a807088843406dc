"""Starts one process for each GPU of every host: a training that needs several restarts itself under torchrun."""

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import InvalidInputError

RENDEZVOUS_PORT = 29_500

LOOPBACK = ("127.0.0.1", "::1", "localhost")
LOOPBACK_TORCHRUN = "atelier_training.torchrun"

SHUTDOWN_SECONDS = 110
"""Seconds that torchrun gives processes to save after SIGTERM; SageMaker ends the container after 120."""

DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
"""Linux's doors to the drivers of GPUs that torch counts: NVIDIA's, AMD's, and those of the Windows that it runs in."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The machines of one training job; ``hosts[0]`` leads, ``processes`` run on each."""

    hosts: tuple[str, ...]
    current: str
    processes: int
    network_interface: str = ""

    @classmethod
    def read(cls, resource_config: Path, processes: int) -> "Cluster":
        """Read SageMaker's ``resourceconfig.json``; without the file there is one host. Raises InvalidInputError."""
        if not resource_config.is_file():
            return cls(hosts=("localhost",), current="localhost", processes=processes)
        data = json.loads(resource_config.read_text(encoding="utf-8"))
        hosts, current = tuple(sorted(data["hosts"])), data["current_host"]
        if current not in hosts:
            raise InvalidInputError(f"{resource_config.name}: current_host", got=current, allowed=" | ".join(hosts))
        interface = data.get("network_interface_name", "")
        return cls(hosts=hosts, current=current, processes=processes, network_interface=interface)

    @property
    def distributed(self) -> bool:
        """Whether more than one process takes part."""
        return len(self.hosts) * self.processes > 1

    def command(self, module: str, step: str, environment: Mapping[str, str]) -> list[str]:
        """torchrun's command line on this host. Processes meet at the first host, unless ``MASTER_ADDR`` and ``MASTER_PORT`` say where."""
        address = environment.get("MASTER_ADDR", self.hosts[0])
        port = environment.get("MASTER_PORT", str(RENDEZVOUS_PORT))
        return [
            *(sys.executable, "-m", LOOPBACK_TORCHRUN if address in LOOPBACK else "torch.distributed.run"),
            *("--nnodes", str(len(self.hosts)), "--node-rank", str(self.hosts.index(self.current))),
            *("--nproc-per-node", str(self.processes)),
            *("--master-addr", address, "--master-port", port),
            *("--shutdown-timeout", str(SHUTDOWN_SECONDS)),
            *("--module", module, step),
        ]

    def environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The variables for it: the network interface that the hosts reach each other by."""
        variables = dict(environment)
        if self.network_interface:
            variables.setdefault("NCCL_SOCKET_IFNAME", self.network_interface)
            variables.setdefault("GLOO_SOCKET_IFNAME", self.network_interface)
        return variables


def relaunch_if_distributed(resource_config: Path, module: str, step: str) -> None:
    """Replace this process by torchrun if the job has several hosts or GPUs; return if it has not, or if torchrun started it."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        return
    cluster = Cluster.read(resource_config, max(1, count_gpus()))
    if cluster.distributed:
        command = cluster.command(module, step, os.environ)
        log.info("%s", " ".join(command))
        sys.stdout.flush()
        os.execvpe(command[0], command, cluster.environment(os.environ))  # noqa: S606


def count_gpus() -> int:
    """This host's GPUs. Where no driver is there is none, and nobody waits for torch, which would be imported again under torchrun."""
    if not any(Path(door).exists() for door in DRIVERS):
        return 0
    import torch

    return torch.cuda.device_count()
