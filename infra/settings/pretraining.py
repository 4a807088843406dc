"""How a stage pretrains: its machines, how they read, and the file system they may read from."""

from dataclasses import dataclass

from contracts.machines import has_efa, has_gpu
from contracts.pretraining import INPUT_MODES, MOST_INSTANCES
from infra.settings.instance_types import check_instance_type
from infra.settings.kinds import check_kinds
from infra.settings.validation import MOST_RUN_SECONDS, check, check_range, check_text


@dataclass(frozen=True, kw_only=True)
class Lustre:
    """An existing FSx for Lustre file system and its network, which training hosts join.

    ``directory`` is the path on it that the data bucket is linked to (a data repository association).
    """

    file_system: str
    directory: str
    vpc: str
    subnet: str

    def __post_init__(self) -> None:
        check_kinds(self, "pretraining.lustre")
        patterns = {
            "file_system": r"fs-[0-9a-f]{8,17}",
            "directory": r"/[^:]+",
            "vpc": r"vpc-[0-9a-f]{8,17}",
            "subnet": r"subnet-[0-9a-f]{8,17}",
        }
        for name, pattern in patterns.items():
            check_text(f"lustre.{name}", getattr(self, name), pattern, f"text matching {pattern}")


@dataclass(frozen=True, kw_only=True)
class Pretraining:
    """The machines that make shards and train base models; an execution may request other numbers of them.

    ``keep_alive_seconds`` keeps the training machines running, and billed, for the next run; 0 releases them.
    """

    shard_instance: str
    shard_instances: int
    train_instance: str
    train_instances: int
    input_mode: str
    volume_gib: int
    most_training_seconds: int
    keep_alive_seconds: int = 0
    lustre: Lustre | None = None

    def __post_init__(self) -> None:
        check_kinds(self, "pretraining")
        check_instance_type("pretraining.shard_instance", self.shard_instance, "processing jobs")
        check_instance_type("pretraining.train_instance", self.train_instance, "training jobs")
        for name in ("shard", "train"):
            check_range(f"pretraining.{name}_instances", getattr(self, f"{name}_instances"), 1, MOST_INSTANCES)
        slow = self.train_instances > 1 and has_gpu(self.train_instance) and not has_efa(self.train_instance)
        allowed = "a type with EFA, such as ml.p4d.24xlarge, when several GPU hosts train"
        check(not slow, "pretraining.train_instance", got=self.train_instance, allowed=allowed)
        check_range("pretraining.volume_gib", self.volume_gib, 1)
        check_range("pretraining.keep_alive_seconds", self.keep_alive_seconds, 0, 3600)
        check_range("pretraining.most_training_seconds", self.most_training_seconds, 60, MOST_RUN_SECONDS, "seconds")
        allowed = " | ".join(INPUT_MODES) + "; FSx needs lustre"
        good = self.input_mode in INPUT_MODES and (self.input_mode != "FSx" or self.lustre is not None)
        check(good, "pretraining.input_mode", got=self.input_mode, allowed=allowed)
