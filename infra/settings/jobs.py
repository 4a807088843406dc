"""Processing and training jobs of fine-tuning."""

from dataclasses import dataclass

from infra.settings.instance_types import check_instance_type
from infra.settings.kinds import check_kinds
from infra.settings.validation import MOST_RUN_SECONDS, check, check_range


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """Processing and training jobs of one execution.

    ``volume_gib`` is each job's disk. A spot job may be interrupted: it resumes from its checkpoint and must finish within
    ``most_wait_seconds``, which counts the waiting for capacity too. ``threads`` limits a process's CPU threads.
    """

    processing_instance: str
    training_instance: str
    volume_gib: int
    most_processing_seconds: int
    most_training_seconds: int
    spot: bool = False
    most_wait_seconds: int | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        check_kinds(self, "jobs")
        check_instance_type("jobs.processing_instance", self.processing_instance, "processing jobs")
        check_instance_type("jobs.training_instance", self.training_instance, "training jobs")
        check_range("jobs.volume_gib", self.volume_gib, 1, 16_384, "GiB")
        for name in ("most_processing_seconds", "most_training_seconds"):
            check_range(f"jobs.{name}", getattr(self, name), 60, MOST_RUN_SECONDS, "seconds")
        wait, longest = self.most_wait_seconds, self.most_training_seconds
        good, allowed = wait is None, "nothing, unless spot is on"
        if self.spot:
            good, allowed = (wait or 0) >= longest, f"at least most_training_seconds ({longest}) when spot is on"
        check(good, "jobs.most_wait_seconds", got=wait, allowed=allowed)
