"""Every difference between environments. A stage is data; stacks read it and make no choices of their own."""

from dataclasses import dataclass, replace

from contracts.families import SEGMENTERS
from infra.pretraining import Pretraining
from infra.validation import MOST_RUN_SECONDS, check, check_instance_type, check_range, check_text
from models.catalogue import CatalogueEntry, find


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
        check_instance_type("jobs.processing_instance", self.processing_instance)
        check_instance_type("jobs.training_instance", self.training_instance)
        check_range("jobs.volume_gib", self.volume_gib, 1, 16_384, "GiB")
        for name in ("most_processing_seconds", "most_training_seconds"):
            check_range(f"jobs.{name}", getattr(self, name), 60, MOST_RUN_SECONDS, "seconds")
        wait, longest = self.most_wait_seconds, self.most_training_seconds
        good, allowed = wait is None, "nothing, unless spot is on"
        if self.spot:
            good, allowed = (wait or 0) >= longest, f"at least most_training_seconds ({longest}) when spot is on"
        check(good, "jobs.most_wait_seconds", got=wait, allowed=allowed)


@dataclass(frozen=True, kw_only=True)
class Serving:
    """The asynchronous endpoint and how its fleet follows the queue.

    ``backlog_per_instance`` is the queue length one instance should have; ``concurrency`` how many requests one container gets
    at a time; ``startup_seconds`` how long loading the models may take. ``upscaler`` is the catalogue name of the model that enlarges
    pictures; without one, requests to enlarge are refused.
    """

    instance: str
    upscaler: str | None
    fewest_instances: int = 0
    most_instances: int
    backlog_per_instance: int
    concurrency: int
    startup_seconds: int
    most_adapters: int = 4
    threads: int | None = None

    def __post_init__(self) -> None:
        check_instance_type("serving.instance", self.instance)
        low, high = self.fewest_instances, self.most_instances
        allowed = "0 <= fewest_instances <= most_instances, and most_instances >= 1"
        check(0 <= low <= high and high >= 1, "serving instances", got=(low, high), allowed=allowed)
        check_range("serving.concurrency", self.concurrency, 1, 64)
        check_range("serving.startup_seconds", self.startup_seconds, 60, 3600)
        for name in ("backlog_per_instance", "most_adapters"):
            check_range(f"serving.{name}", getattr(self, name), 1)
        if self.upscaler is not None:
            family = find(self.upscaler).family
            check(family == "upscaler", "serving.upscaler", got=self.upscaler, allowed="family upscaler, or None")


@dataclass(frozen=True, kw_only=True)
class Api:
    """What one API key may do: steady requests a second, a burst, and requests a day."""

    requests_per_second: float
    burst: int
    requests_per_day: int

    def __post_init__(self) -> None:
        for name in ("requests_per_second", "burst", "requests_per_day"):
            check(getattr(self, name) > 0, f"api.{name}", got=getattr(self, name), allowed="more than 0")


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One environment. ``base_models`` are catalogue names, the first is the default and the one the shared endpoint serves.

    ``keep_data`` leaves buckets, table and key behind when the stage is destroyed; without it they are emptied and removed.
    """

    name: str
    base_models: tuple[str, ...]
    segmenter: str
    keep_data: bool
    media_days: int
    log_days: int
    jobs: JobSettings
    pretraining: Pretraining
    serving: Serving
    api: Api

    def __post_init__(self) -> None:
        check_text("stage.name", self.name, r"[a-z][a-z0-9]{1,9}", "2 to 10 of a-z, 0-9")
        check(bool(self.base_models), "stage.base_models", got=self.base_models, allowed="at least one catalogue name")
        for name in self.base_models:
            check(find(name).task == "inpaint", "stage.base_models", got=name, allowed="a model whose task is inpaint")
        segments = find(self.segmenter).family in SEGMENTERS
        check(segments, "stage.segmenter", got=self.segmenter, allowed=f"family {' | '.join(SEGMENTERS)}")
        for field in ("media_days", "log_days"):
            check_range(f"stage.{field}", getattr(self, field), 1, unit="day")

    @property
    def prefix(self) -> str:
        """The prefix of every name that is created at run time."""
        return f"atelier-{self.name}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags by which costs are allocated: CloudFormation adds them to a stack's resources, the state machine to its jobs."""
        return {"atelier:stage": self.name}

    @property
    def models(self) -> tuple[CatalogueEntry, ...]:
        """Every base model the stage mirrors: the default first."""
        names = (*self.base_models, self.segmenter, self.serving.upscaler)
        return tuple(find(name) for name in names if name is not None)

    @property
    def segmenter_model(self) -> CatalogueEntry:
        """The model that finds garments from words."""
        return find(self.segmenter)

    @property
    def upscaler_model(self) -> CatalogueEntry | None:
        """The model that enlarges pictures; ``None`` where the stage serves none."""
        return find(self.serving.upscaler) if self.serving.upscaler else None

    @property
    def default_model(self) -> CatalogueEntry:
        """The base model that is used where an execution names none."""
        return find(self.base_models[0])


_TINY_THREADS = 1
"""Pictures of 64 pixels gain nothing from a second thread, and on a busy machine two threads wait for each other and are slower."""

_LOCAL = Stage(
    name="local",
    base_models=("tiny-inpaint",),
    segmenter="tiny-clipseg",
    keep_data=False,
    media_days=1,
    log_days=1,
    jobs=JobSettings(
        processing_instance="ml.m5.xlarge",
        training_instance="ml.m5.xlarge",
        volume_gib=10,
        most_processing_seconds=1800,
        most_training_seconds=3600,
        threads=_TINY_THREADS,
    ),
    pretraining=Pretraining(
        shard_instance="ml.m5.xlarge",
        shard_instances=2,
        train_instance="ml.m5.xlarge",
        train_instances=2,
        input_mode="FastFile",
        volume_gib=10,
        most_training_seconds=2 * 3600,
    ),
    serving=Serving(
        instance="ml.m5.xlarge",
        upscaler="tiny-upscaler",
        most_instances=1,
        backlog_per_instance=4,
        concurrency=2,
        startup_seconds=300,
        threads=_TINY_THREADS,
    ),
    api=Api(requests_per_second=50, burst=100, requests_per_day=100_000),
)
_TRIAL_API = Api(requests_per_second=5, burst=10, requests_per_day=1_000)
_STAGES = (
    _LOCAL,
    replace(_LOCAL, name="trial", media_days=7, log_days=7, api=_TRIAL_API),
    Stage(
        name="dev",
        base_models=("sd2-inpaint", "sd15-inpaint"),
        segmenter="clipseg-rd64-refined",
        keep_data=True,
        media_days=30,
        log_days=30,
        jobs=JobSettings(
            processing_instance="ml.g5.xlarge",
            training_instance="ml.g5.2xlarge",
            volume_gib=100,
            most_processing_seconds=2 * 3600,
            most_training_seconds=4 * 3600,
            spot=True,
            most_wait_seconds=8 * 3600,
        ),
        pretraining=Pretraining(
            shard_instance="ml.m5.xlarge",
            shard_instances=4,
            train_instance="ml.p4d.24xlarge",
            train_instances=2,
            input_mode="FastFile",
            volume_gib=200,
            most_training_seconds=24 * 3600,
            keep_alive_seconds=600,
        ),
        serving=Serving(
            instance="ml.g5.xlarge",
            upscaler="sd-x4-upscaler",
            most_instances=2,
            backlog_per_instance=4,
            concurrency=4,
            startup_seconds=900,
        ),
        api=Api(requests_per_second=10, burst=20, requests_per_day=10_000),
    ),
)

STAGES = {stage.name: stage for stage in _STAGES}


def threads_environment(threads: int | None) -> dict[str, str]:
    """The container's environment that limits its CPU threads; empty where there is no limit."""
    return {} if threads is None else {"OMP_NUM_THREADS": str(threads)}


def stage_named(name: str) -> Stage:
    """The stage called ``name``. Raises ValueError that lists the stages there are."""
    check(name in STAGES, "stage", got=name, allowed=" | ".join(STAGES))
    return STAGES[name]
