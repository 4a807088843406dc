"""Numbers that the docs promise: each stands in the page as quoted here, and the code's own value is the promised one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atelier_inference.settings import Settings
from atelier_ops.gateways.inference import LONGEST_RUN
from atelier_ops.logic import http, output_addresses, repeats, uploads
from atelier_ops.logic.late_answers import LATE
from atelier_ops.logic.lora.keys import MOST_LISTED
from atelier_training.data.feed import MOST_WORKERS
from atelier_training.data.shards import SPARE
from atelier_training.engine.checkpoint import FILE
from atelier_training.jobs.shard import SHARD_BYTES
from atelier_training.learners import segmenter_model, unet_parts
from contracts.batching import MOST_WAITING, ROWS
from contracts.corpus import FEWEST_PICTURES as FEWEST_SAMPLES
from contracts.dataset import FEWEST_PICTURES, is_picture
from contracts.execution import ExecutionInput
from contracts.hyperparameters import Hyperparameters
from contracts.model import Contract, json_schema
from contracts.pictures import LONGEST_TO_UPSCALE, MOST_PIXELS
from contracts.prediction import MOST_ANSWER_PIXELS, MOST_PIXELS_TO_UPSCALE, PredictionInput
from contracts.pretrain_hyperparameters import DEFAULTS
from contracts.pretraining import PretrainingInput
from contracts.requests import LARGEST_UPLOAD
from contracts.training_time import MOST_VIEWS
from contracts.work import MOST_SECONDS, OVERLAP
from diffusion.upscaler import Upscaler
from imaging.framing import LONGEST_ASPECT
from imaging.masks import feather
from imaging.repaint import default_blur
from imaging.tiling import FACTOR
from infra import work_costs
from infra.components import scaling
from infra.components.answers import SWEEP_MINUTES
from infra.components.buckets import ANSWER_DAYS, CHECKPOINT_DAYS
from infra.components.dead_letters import KEEP_DAYS
from infra.components.settlement import LONGEST_EVENT_HOURS
from infra.components.workflow.jobs import CAPACITY_SECONDS
from infra.components.workflow.machine import LONGEST_RUN_SECONDS
from infra.components.workflow.steps import deployment, registration
from infra.config import STAGES
from infra.costs import hourly
from infra.monitoring import budget
from infra.settings.retention import OLD_VERSION_DAYS
from models.tiny.make.sample import SAMPLE
from models.tiny.make.score.styles import SEEDS

ARCHITECTURE = "docs/architecture.md"
LAMBDAS = "lambdas/README.md"
ADAPTERS = "docs/adapters.md"
REFERENCE = "docs/reference.md"
PRETRAINING = "docs/pretraining.md"
TINY_MODELS = "docs/tiny-models.md"
MINUTE, HOUR, DAY = 60, 3_600, 86_400


@dataclass(frozen=True, kw_only=True)
class Promise:
    """``words`` of a page, and the values that the code has for its numbers beside those it promises."""

    page: str
    words: str
    values: Callable[[], Any]
    promised: Any


def bounds(field: str, contract: type[Contract] = PredictionInput) -> tuple[float, float]:
    """The least and the largest value of a field."""
    schema = json_schema(contract)["properties"][field]
    return schema["minimum"], schema["maximum"]


def longest(field: str, contract: type[Contract] = PredictionInput) -> int:
    """Characters that a text may have."""
    return int(json_schema(contract)["properties"][field]["maxLength"])


def soft_edge() -> tuple[list[float], float, float]:
    """Opacity at 0, 1, 2, 3 and 4 quarters of a soft edge of 8 pixels, and the default widths for masks of 300 and 10 pixels."""
    row = np.zeros((1, 40), dtype=bool)
    row[0, :10] = True
    opacity = feather(row, 8)[0, [9, 11, 13, 15, 17]].tolist()
    wide, narrow = (default_blur(np.ones((side, side), dtype=bool)) for side in (300, 10))
    return opacity, wide, narrow


def warm_pool_dollars() -> int:
    """What dev's training hosts cost while they wait for the next run."""
    hosts = STAGES["dev"].pretraining
    price = hourly(hosts.train_instance, count=hosts.train_instances) or 0
    return round(price * hosts.keep_alive_seconds / HOUR)


def sample_pictures() -> list[Path]:
    """The pictures of the shipped style."""
    return [path for path in (SAMPLE / "dataset").iterdir() if is_picture(path.name)]


PROMISES = [
    Promise(
        page=ADAPTERS,
        words="A safetensors file of at most 400 MiB",
        values=lambda: LARGEST_UPLOAD,
        promised=400 * 2**20,
    ),
    Promise(
        page=ADAPTERS,
        words="keys are remembered for 7 days",
        values=lambda: repeats.KEEP,
        promised=7 * DAY,
    ),
    Promise(
        page=ADAPTERS,
        words="(the first 20, and how many more)",
        values=lambda: MOST_LISTED,
        promised=20,
    ),
    Promise(
        page=ARCHITECTURE,
        words="A picture to upscale has at most 2,097,152 pixels, and 4,095 a side",
        values=lambda: (MOST_PIXELS_TO_UPSCALE, LONGEST_TO_UPSCALE),
        promised=(2_097_152, 4_095),
    ),
    Promise(
        page=ARCHITECTURE,
        words="tiles of the upscaler's resolution that overlap by a quarter, blended | 4 times the picture's",
        values=lambda: (OVERLAP, FACTOR, Upscaler.FACTOR),
        promised=(1 / 4, 4, 4),
    ),
    Promise(
        page=ARCHITECTURE,
        words="more than 600 of the 900 seconds that a request may take",
        values=lambda: (MOST_SECONDS, LONGEST_RUN),
        promised=(600, 900),
    ),
    Promise(
        page=ARCHITECTURE,
        words="An answer's pictures have at most 100,000,000 pixels together, 64,000,000 where they are transparent",
        values=lambda: (MOST_ANSWER_PIXELS, MOST_PIXELS),
        promised=(100_000_000, 64_000_000),
    ),
    Promise(
        page=ARCHITECTURE,
        words="its aspect kept (up to 4:1)",
        values=lambda: LONGEST_ASPECT,
        promised=4,
    ),
    Promise(
        page=ARCHITECTURE,
        words="`strength` 0 to 1",
        values=lambda: bounds("strength"),
        promised=(0, 1),
    ),
    Promise(
        page=ARCHITECTURE,
        words="The mask's soft edge is 2 % of the mask's larger side wide, at least 2 pixels, unless `mask_blur` says otherwise: "
        "opacity falls from 1 on the mask to 0 as a smoothstep.",
        values=soft_edge,
        promised=(pytest.approx([1, 0.84375, 0.5, 0.15625, 0]), pytest.approx(6), 2),
    ),
    Promise(
        page=ARCHITECTURE,
        words="at most 8 pictures (`num_outputs`), the model paints at most 8 rows at once, and at most 32 requests wait",
        values=lambda: (bounds("num_outputs"), ROWS, MOST_WAITING),
        promised=((1, 8), 8, 32),
    ),
    Promise(
        page=ARCHITECTURE,
        words="a person has 7 days to approve. A job may wait an hour for an instance, beyond its own limit. An endpoint has 3 hours to "
        "come into service, a smoke test one hour to be answered. An event that cannot be delivered is tried again for 2 "
        "hours. After 30 days an execution ends",
        values=lambda: (
            registration.APPROVAL_SECONDS / DAY,
            CAPACITY_SECONDS / HOUR,
            deployment.ENDPOINT_SECONDS / HOUR,
            deployment.SMOKE_TEST_SECONDS / HOUR,
            LONGEST_EVENT_HOURS,
            LONGEST_RUN_SECONDS / DAY,
        ),
        promised=(7, 1, 3, 1, 2, 30),
    ),
    Promise(
        page=ARCHITECTURE,
        words="grows at most every 5 minutes and shrinks at most every 10. A request that finds no instance wakes one within 2 minutes, "
        "and never a second. The shared endpoint's instances that ran for 2 hours with an empty queue are stopped",
        values=lambda: (
            scaling.SCALE_OUT_COOLDOWN_SECONDS / MINUTE,
            scaling.SCALE_IN_COOLDOWN_SECONDS / MINUTE,
            scaling.WAKE_PERIOD_SECONDS * scaling.WAKE_PERIODS / MINUTE,
            scaling.IDLE_HOURS,
        ),
        promised=(5, 10, 2, 2),
    ),
    Promise(
        page=ARCHITECTURE,
        words="old versions of objects in the data and the model bucket are kept 30 days.",
        values=lambda: OLD_VERSION_DAYS,
        promised=30,
    ),
    Promise(
        page=ARCHITECTURE,
        words="after 3 days if that is sooner",
        values=lambda: ANSWER_DAYS,
        promised=3,
    ),
    Promise(
        page=ARCHITECTURE,
        words="`checkpoints/` after 14 days",
        values=lambda: CHECKPOINT_DAYS,
        promised=14,
    ),
    Promise(
        page=ARCHITECTURE,
        words="once the answer is 60 seconds late, and `reconcile` settles every 15 minutes what nobody asked about",
        values=lambda: (LATE, SWEEP_MINUTES),
        promised=(60, 15),
    ),
    Promise(
        page="docs/stages.md",
        words="until its queue has been empty for about 20 minutes",
        values=lambda: scaling.EMPTY_MINUTES,
        promised=20,
    ),
    Promise(
        page=PRETRAINING,
        words="10 minutes of `dev`'s hosts cost about $8",
        values=warm_pool_dollars,
        promised=8,
    ),
    Promise(
        page="docs/stages.md",
        words="an instance wakes for 8 minutes, and idles for about 20 before it sleeps 1,000 pictures $2.61 in a row, at about 5 s each "
        "a style $1.28 from 12 pictures: masks, 6 min of training",
        values=lambda: (
            work_costs.WAKE_MINUTES,
            work_costs.picture_seconds(STAGES["dev"]),
            round(work_costs.pictures_dollars(STAGES["dev"], 1_000) or 0, 2),
            round(work_costs.style_dollars(STAGES["dev"]) or 0, 2),
        ),
        promised=(8, 5, 2.61, 1.28),
    ),
    Promise(
        page="docs/runbook.md",
        words="mail of the budget, at 80 % of the month's dollars or when more than all are forecast",
        values=lambda: (budget.ACTUAL_PERCENT, budget.FORECAST_PERCENT),
        promised=(80, 100),
    ),
    Promise(
        page="docs/runbook.md",
        words="The queue keeps an event for 14 days.",
        values=lambda: KEEP_DAYS,
        promised=14,
    ),
    Promise(
        page="docs/stages.md",
        words="| `media_days` | 1 | 7 | 30 |",
        values=lambda: [STAGES[name].media_days for name in ("local", "trial", "dev")],
        promised=[1, 7, 30],
    ),
    Promise(
        page=ARCHITECTURE,
        words="`SAGEMAKER_BIND_TO_PORT` (8080)",
        values=lambda: Settings.from_environment({}).port,
        promised=8080,
    ),
    Promise(
        page=ARCHITECTURE,
        words="`ATELIER_ADAPTER_MIB` (1024), `ATELIER_HOST_ADAPTER_MIB` (2048)",
        values=lambda: (Settings.from_environment({}).adapter_mib, Settings.from_environment({}).host_adapter_mib),
        promised=(1024, 2048),
    ),
    Promise(
        page=REFERENCE,
        words="| `width` | an integer from 64 to 2048, a multiple of 8 (pixels) |",
        values=lambda: (
            bounds("width"),
            bounds("height"),
            json_schema(PredictionInput)["properties"]["width"]["multipleOf"],
        ),
        promised=((64, 2048), (64, 2048), 8),
    ),
    Promise(
        page=REFERENCE,
        words="| `guidance_scale` | a number from 0 to 50 |",
        values=lambda: (bounds("guidance_scale"), bounds("num_inference_steps"), bounds("adapter_scale")),
        promised=((0, 50), (1, 500), (0, 2)),
    ),
    Promise(
        page=REFERENCE,
        words="| `mask_grow` | an integer from -256 to 256 (pixels) |",
        values=lambda: (bounds("mask_grow"), bounds("mask_blur")),
        promised=((-256, 256), (0, 256)),
    ),
    Promise(
        page=REFERENCE,
        words="| `prompt` | a prompt, 1 to 2000 characters |",
        values=lambda: (
            longest("prompt"),
            longest("target", ExecutionInput),
            longest("instance_prompt", ExecutionInput),
        ),
        promised=(2_000, 1_000, 1_000),
    ),
    Promise(
        page=REFERENCE,
        words="a data: URI, or the uri that POST /v1/files gave, 1 to 67108864 characters |",
        values=lambda: longest("image"),
        promised=64 * 2**20,
    ),
    Promise(
        page=REFERENCE,
        words="| `lora_rank` | an integer from 1 to 256 | 8 |",
        values=lambda: (bounds("lora_rank", Hyperparameters), Hyperparameters().lora_rank),
        promised=((1, 256), 8),
    ),
    Promise(
        page=REFERENCE,
        words="| `learning_rate` | a number from 1e-09 to 1 | 2e-06 |",
        values=lambda: (Hyperparameters().learning_rate, Hyperparameters().epochs, Hyperparameters().mask_weight),
        promised=(2e-6, 20, 0.9),
    ),
    Promise(
        page=PRETRAINING,
        words="`held_out` (2 % by default)",
        values=lambda: (PretrainingInput.model_fields["held_out"].default, bounds("held_out", PretrainingInput)),
        promised=(0.02, (0.001, 0.5)),
    ),
    Promise(
        page=PRETRAINING,
        words="| `unet` | 6000 | 32 | 0.002 | | `vae` | 3000 | 16 | 0.002 |",
        values=lambda: [list(DEFAULTS[model].values()) for model in ("unet", "vae", "segmenter", "upscaler")],
        promised=[[6_000, 32, 2e-3], [3_000, 16, 2e-3], [3_000, 16, 1.5e-3], [3_000, 16, 1e-3]],
    ),
    Promise(
        page=ARCHITECTURE,
        words="fewer than 4 pictures",
        values=lambda: FEWEST_PICTURES,
        promised=4,
    ),
    Promise(
        page=PRETRAINING,
        words="At least 8 pictures.",
        values=lambda: FEWEST_SAMPLES,
        promised=8,
    ),
    Promise(
        page=LAMBDAS,
        words="its addresses work for an hour, and asking again gives new ones.",
        values=lambda: output_addresses.URL_SECONDS,
        promised=3_600,
    ),
    Promise(
        page=LAMBDAS,
        words="takes a PUT of exactly its `size` with exactly its `headers`, within an hour",
        values=lambda: uploads.URL_SECONDS,
        promised=3_600,
    ),
    Promise(
        page=LAMBDAS,
        words="413 body over 5 MB",
        values=lambda: http.LARGEST_BODY,
        promised=5 * 2**20,
    ),
    Promise(page=PRETRAINING, words="at most about 128 MiB", values=lambda: SHARD_BYTES, promised=128 * 2**20),
    Promise(page=PRETRAINING, words="up to four for each process", values=lambda: MOST_WORKERS, promised=4),
    Promise(
        page=PRETRAINING,
        words="at most two more shards than the process reads streams",
        values=lambda: SPARE,
        promised=2,
    ),
    Promise(page=PRETRAINING, words="(`checkpoint.pt`:", values=lambda: FILE, promised="checkpoint.pt"),
    Promise(
        page=TINY_MODELS,
        words="`StableDiffusionInpaintPipeline` at 64 pixels",
        values=lambda: unet_parts.SIDE,
        promised=64,
    ),
    Promise(
        page=TINY_MODELS, words="`CLIPSegForImageSegmentation` at 96", values=lambda: segmenter_model.SIDE, promised=96
    ),
    Promise(
        page=TINY_MODELS,
        words="the 12 pictures of `models/tiny/sample`",
        values=lambda: len(sample_pictures()),
        promised=12,
    ),
    Promise(page=TINY_MODELS, words="with two seeds", values=lambda: len(SEEDS), promised=2),
    Promise(
        page="training/README.md", words="Every picture gives up to eight views", values=lambda: MOST_VIEWS, promised=8
    ),
]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.words[:40])
def test_the_docs_promise_what_the_code_keeps(promise: Promise, root: Path) -> None:
    text = " ".join((root / promise.page).read_text(encoding="utf-8").split())
    assert promise.words in text
    assert promise.values() == promise.promised
