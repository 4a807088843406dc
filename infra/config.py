"""Every difference between environments. A stage is data; stacks read it and make no choices of their own."""

from dataclasses import replace

from contracts.batching import ROWS
from contracts.metrics import FineTuningMetrics
from contracts.release import ReleaseRules
from infra.settings.api import Api, Throttle
from infra.settings.jobs import JobSettings
from infra.settings.network import Network
from infra.settings.office_hours import OfficeHours
from infra.settings.page import StagePage
from infra.settings.placement import Placement
from infra.settings.pretraining import Pretraining
from infra.settings.serving import Serving
from infra.settings.stage import FEWEST_RUN_DAYS, Stage
from infra.settings.validation import check
from infra.settings.watching import Watching

_TINY_THREADS = 1
"""Pictures of 64 pixels gain nothing from a second thread, and on a busy machine two threads wait for each other and are slower."""
_TINY_PACE = (80_000, 30_000)
"""Of the tiny models, measured with one thread of a 3 GHz processor: 95,000 pixels, and 40,000 of tiles; some less for what else runs."""

_LOCAL = Stage(
    name="local",
    base_models=("tiny-inpaint",),
    segmenter="tiny-clipseg",
    keep_data=False,
    media_days=1,
    run_days=FEWEST_RUN_DAYS,
    log_days=1,
    jobs=JobSettings(
        processing_instance="ml.m5.xlarge",
        training_instance="ml.m5.xlarge",
        volume_gib=30,
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
        # As in prod, so that a laptop shows what a shortage of instances does.
        fallbacks=("ml.m5.2xlarge",),
        upscaler="tiny-upscaler",
        most_instances=1,
        backlog_per_instance=4,
        startup_seconds=300,
        threads=_TINY_THREADS,
        pace=_TINY_PACE,
    ),
    api=Api(
        requests_per_second=50,
        burst=100,
        requests_per_day=100_000,
        trainings=Throttle(requests_per_second=50, burst=100),
        loopback_webhooks=True,
        # Where the usual tools for pages serve them while somebody writes them.
        origins=("http://localhost:3000", "http://localhost:5173"),
    ),
    page=StagePage(hand_over_key=True),
)
_FEW = Throttle(requests_per_second=0.02, burst=5)
"""A training takes about an hour of a machine: five at once, then about one a minute."""
_TRIAL_API = Api(requests_per_second=5, burst=10, requests_per_day=1_000, trainings=_FEW)
_PRETRAINING = Pretraining(
    shard_instance="ml.m5.xlarge",
    shard_instances=4,
    train_instance="ml.p4d.24xlarge",
    train_instances=2,
    input_mode="FastFile",
    volume_gib=200,
    most_training_seconds=24 * 3600,
    keep_alive_seconds=600,
)
_TRIAL = replace(
    _LOCAL,
    name="trial",
    media_days=7,
    log_days=7,
    # One quota fewer to ask for.
    serving=replace(_LOCAL.serving, fallbacks=()),
    api=_TRIAL_API,
    page=StagePage(),
    watching=Watching(monthly_dollars=20),
)
_DEV = Stage(
    name="dev",
    base_models=("sd2-inpaint", "sd15-inpaint"),
    segmenter="clipseg-rd64-refined",
    keep_data=True,
    media_days=30,
    run_days=180,
    log_days=30,
    watching=Watching(monthly_dollars=500),
    jobs=JobSettings(
        processing_instance="ml.g5.xlarge",
        training_instance="ml.g5.2xlarge",
        volume_gib=100,
        most_processing_seconds=2 * 3600,
        most_training_seconds=4 * 3600,
        spot=True,
        most_wait_seconds=8 * 3600,
    ),
    pretraining=_PRETRAINING,
    serving=Serving(
        instance="ml.g5.xlarge",
        upscaler="sd-x4-upscaler",
        most_instances=2,
        backlog_per_instance=ROWS,
        startup_seconds=900,
    ),
    api=Api(requests_per_second=10, burst=20, requests_per_day=10_000, trainings=_FEW),
)
_PROD = Stage(
    name="prod",
    base_models=("sdxl-inpaint",),
    segmenter="clipseg-rd64-refined",
    keep_data=True,
    media_days=30,
    run_days=180,
    log_days=365,
    jobs=JobSettings(
        processing_instance="ml.g5.2xlarge",
        training_instance="ml.g5.2xlarge",
        volume_gib=200,
        most_processing_seconds=2 * 3600,
        most_training_seconds=6 * 3600,
    ),
    pretraining=_PRETRAINING,
    serving=Serving(
        # SDXL, the upscaler and the segmenter take 24 GiB together: more than a g5 has.
        instance="ml.g6e.xlarge",
        fallbacks=("ml.g6e.2xlarge", "ml.g6e.4xlarge"),
        # Ireland has no g6e: there the upscaler is on a second GPU.
        elsewhere={"eu-west-1": ("ml.g5.12xlarge", "ml.g6.12xlarge")},
        upscaler="sd-x4-upscaler",
        first_instances=2,
        most_instances=4,
        backlog_per_instance=ROWS,
        startup_seconds=1800,
        office_hours=OfficeHours(instances=2, days="MON-FRI", from_hour=8, until_hour=20, timezone="UTC"),
    ),
    api=Api(
        requests_per_second=20,
        burst=40,
        requests_per_day=50_000,
        trainings=_FEW,
        most_from_one_address=2_000,
    ),
    network=Network(),
    placement=Placement(protected=True),
    watching=Watching(monthly_dollars=3_000),
    rules=ReleaseRules(
        approval="manual",
        gate={
            "inpaint": FineTuningMetrics(garment_share=0.6, pixels_changed_outside=0),
            "text-to-image": FineTuningMetrics(garment_share=0.3),
        },
    ),
)

STAGES = {stage.name: stage for stage in (_LOCAL, _TRIAL, _DEV, _PROD)}


def stage_named(name: str) -> Stage:
    """The stage called ``name``. Raises ValueError that lists the stages there are."""
    check(name in STAGES, "stage", got=name, allowed=" | ".join(STAGES))
    return STAGES[name]
