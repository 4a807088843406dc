"""Processing and training jobs of fine-tuning."""

from dataclasses import dataclass

from contracts.search import MOST_PARALLEL, MOST_TRIALS
from infra.settings.instance_types import check_instance_type
from infra.settings.kinds import check_kinds
from infra.settings.validation import MOST_RUN_SECONDS, check, check_range

MOST_SEARCH_SECONDS = 25 * 24 * 3600
"""An execution may last 30 days."""


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """Processing and training jobs of one execution.

    ``volume_gib`` is each job's disk. A spot job may be interrupted: it resumes from its checkpoint and must finish within
    ``most_wait_seconds``, which counts the waiting for capacity too. ``threads`` limits a process's CPU threads. A search for settings has
    at most ``most_trials`` trainings, ``most_parallel_trials`` at a time.
    """

    processing_instance: str
    training_instance: str
    volume_gib: int
    most_processing_seconds: int
    most_training_seconds: int
    spot: bool = False
    most_wait_seconds: int | None = None
    threads: int | None = None
    most_trials: int = 12
    most_parallel_trials: int = 2

    def __post_init__(self) -> None:
        check_kinds(self, "jobs")
        check_instance_type("jobs.processing_instance", self.processing_instance, "processing jobs")
        check_instance_type("jobs.training_instance", self.training_instance, "training jobs")
        check_range("jobs.volume_gib", self.volume_gib, 1, 16_384, "GiB")
        for name in ("most_processing_seconds", "most_training_seconds"):
            check_range(f"jobs.{name}", getattr(self, name), 60, MOST_RUN_SECONDS, "seconds")
        check_range("jobs.most_trials", self.most_trials, 2, MOST_TRIALS)
        check_range("jobs.most_parallel_trials", self.most_parallel_trials, 1, MOST_PARALLEL)
        wait, longest = self.most_wait_seconds, self.most_training_seconds
        good, allowed = wait is None, "nothing, unless spot is on"
        if self.spot:
            good, allowed = (wait or 0) >= longest, f"at least most_training_seconds ({longest}) when spot is on"
        check(good, "jobs.most_wait_seconds", got=wait, allowed=allowed)
        longest_search = f"at most {MOST_SEARCH_SECONDS} s: most_trials times the longest training"
        check(
            self.search_seconds <= MOST_SEARCH_SECONDS, "jobs.most_trials", got=self.most_trials, allowed=longest_search
        )

    @property
    def search_seconds(self) -> int:
        """How long a search may take whose trainings run one after another."""
        return self.most_trials * max(self.most_training_seconds, self.most_wait_seconds or 0)
