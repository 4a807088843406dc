"""How a job starts, stops and ends: arguments, hosts, SIGTERM, exit codes and failure reasons."""

import json
import os
import shlex
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest
import torch

from atelier_training.arguments import parser
from atelier_training.engine.interruption import InterruptedJobError, Interruption
from atelier_training.failure import LONGEST_REASON, guard
from atelier_training.launch import Cluster, count_gpus, relaunch_if_distributed
from atelier_training.paths import MlPaths
from atelier_training.provenance import code_version
from atelier_training.torchrun import LoopbackRendezvous
from contracts.errors import InvalidInputError


def raising(error: Exception) -> None:
    raise error


def test_a_job_that_ends_well_leaves_no_reason(tmp_path: Path) -> None:
    assert guard(lambda: None, tmp_path / "output/failure") == 0
    assert not (tmp_path / "output").exists()


def test_bad_input_is_1_and_says_what_got_allowed_on_one_line(tmp_path: Path) -> None:
    error = InvalidInputError("dataset", got="2 pictures", allowed="at least 4\nof them")
    assert guard(lambda: raising(error), tmp_path / "output/failure") == 1
    reason = (tmp_path / "output/failure").read_text()
    assert reason == "InvalidInputError: dataset: got '2 pictures'; allowed: at least 4 of them"


def test_the_unexpected_is_2_and_its_traceback_stays_in_the_log(tmp_path: Path) -> None:
    assert guard(lambda: raising(RuntimeError("x" * 5000)), tmp_path / "failure") == 2
    reason = (tmp_path / "failure").read_text()
    assert reason.startswith("RuntimeError: xxx")
    assert len(reason) == LONGEST_REASON


def test_the_first_process_to_fail_gives_the_reason(tmp_path: Path) -> None:
    guard(lambda: raising(InvalidInputError("a", got=1, allowed="2")), tmp_path / "failure")
    guard(lambda: raising(RuntimeError("connection closed by peer")), tmp_path / "failure")
    assert (tmp_path / "failure").read_text().startswith("InvalidInputError: a")


def test_sigterm_is_remembered_until_the_work_can_stop(tmp_path: Path) -> None:
    former = signal.getsignal(signal.SIGTERM)
    with Interruption() as interruption:
        interruption.check("nothing")
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is former
    assert interruption.requested
    with pytest.raises(InterruptedJobError, match=r"while masking a\.png"):
        interruption.check("masking a.png")
    assert guard(lambda: interruption.check("anything"), tmp_path / "failure") == 143
    assert not (tmp_path / "failure").exists()


def test_paths_follow_the_container_contract_below_the_one_root() -> None:
    paths = MlPaths.from_environment({})
    assert str(paths.channel("dataset")) == "/opt/ml/input/data/dataset"
    assert str(paths.message) == "/opt/ml/output/message"
    assert str(MlPaths.from_environment({"ATELIER_ML_ROOT": "/tmp/x"}).failure) == "/tmp/x/output/failure"


def test_the_evaluation_reads_its_gate() -> None:
    line = ["evaluate", "--task", "inpaint", "--instance-prompt", "sks", "--target", "a skirt"]
    assert parser().parse_args([*line, "--gate", '{"garment_share": 0.5}']).gate == {"garment_share": 0.5}
    assert parser().parse_args(line).gate == {}


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (["segment"], "--task"),
        (["segment", "--task", "outpaint"], "outpaint"),
        (["paint"], "paint"),
        ([], r"segment \| train"),
        (["evaluate", "--task", "outpaint", "--instance-prompt", "sks"], "outpaint"),
        (["evaluate", "--task", "inpaint", "--instance-prompt", "s", "--gate", '{"beauty": 1}'], "beauty"),
        (["evaluate", "--task", "inpaint", "--instance-prompt", "s", "--gate", "0.5"], "object"),
    ],
)
def test_wrong_arguments_are_bad_input_not_a_usage_text(line: list[str], named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        parser().parse_args(line)


def test_one_host_with_one_process_is_not_distributed(tmp_path: Path) -> None:
    assert not Cluster.read(tmp_path / "none.json", 1).distributed
    assert Cluster.read(tmp_path / "none.json", 4).distributed


def test_every_host_is_told_its_rank_and_the_leader(tmp_path: Path) -> None:
    config = tmp_path / "resourceconfig.json"
    config.write_text(
        json.dumps({"current_host": "algo-2", "hosts": ["algo-2", "algo-1"], "network_interface_name": "eth0"})
    )
    cluster = Cluster.read(config, 8)
    line = " ".join(cluster.command("atelier_training", "train", {}))
    assert "--nnodes 2 --node-rank 1 --nproc-per-node 8 --master-addr algo-1" in line
    assert line.endswith("--module atelier_training train")
    here = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29600"}
    assert "-m torch.distributed.run" in line
    met = " ".join(cluster.command("m", "train", here))
    assert "--master-addr 127.0.0.1 --master-port 29600" in met
    assert "-m atelier_training.torchrun" in met
    assert cluster.environment({"NCCL_SOCKET_IFNAME": "eth9"}) == {
        "NCCL_SOCKET_IFNAME": "eth9",
        "GLOO_SOCKET_IFNAME": "eth0",
    }


def test_processes_that_meet_on_loopback_are_reached_from_there_only() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    met = LoopbackRendezvous("127.0.0.1", port, rank=0, world_size=1, run_id="1", timeout=60).next_rendezvous()

    met.store.set("key", "value")
    assert met.store.get("key") == b"value"
    sockets = psutil.Process().net_connections("inet")
    assert [s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN and s.laddr.port == port] == ["127.0.0.1"]


def test_a_host_that_is_not_in_the_list_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps({"current_host": "algo-3", "hosts": ["algo-1"]}))
    with pytest.raises(InvalidInputError, match="algo-3"):
        Cluster.read(tmp_path / "r.json", 1)


def test_a_process_that_torchrun_started_does_not_start_torchrun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    (tmp_path / "r.json").write_text(json.dumps({"current_host": "a", "hosts": ["a", "b"]}))
    relaunch_if_distributed(tmp_path / "r.json", "no_such_module", "train")


def test_gpus_are_counted_by_torch_which_is_not_imported_where_no_driver_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("atelier_training.launch.DRIVERS", (str(tmp_path / "none"), str(tmp_path)))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    assert count_gpus() == 4
    monkeypatch.setattr("atelier_training.launch.DRIVERS", (str(tmp_path / "none"),))
    monkeypatch.setitem(sys.modules, "torch", None)
    assert count_gpus() == 0


def test_the_code_version_is_stable() -> None:
    assert code_version() == code_version()
    assert len(code_version()) == 12


def test_the_commands_in_the_readme_are_accepted(root: Path) -> None:
    text = (root / "training/README.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("python -m atelier_training ")]
    assert [parser().parse_args(shlex.split(line)[3:]).step for line in lines] == ["segment", "train", "evaluate"]
