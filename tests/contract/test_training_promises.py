"""Numbers that the pages about training promise, as test_promises.py holds the others."""

from pathlib import Path

import pytest

from atelier_training.data.feed import MOST_WORKERS
from atelier_training.data.preparation import VIEWS
from atelier_training.data.shards import SPARE
from atelier_training.engine.checkpoint import FILE
from atelier_training.jobs.shard import SHARD_BYTES
from atelier_training.learners import segmenter_model, unet_parts
from contracts.dataset import is_picture
from contracts.pretraining import PretrainingInput
from models.tiny.make.sample import SAMPLE
from models.tiny.make.score.styles import SEEDS
from tests.contract.test_promises import Promise

PRETRAINING = "docs/pretraining.md"
TINY_MODELS = "docs/tiny-models.md"


def sample_pictures() -> list[Path]:
    """The pictures of the shipped style."""
    return [path for path in (SAMPLE / "dataset").iterdir() if is_picture(path.name)]


def held_out() -> float:
    """The share of a data set that a run sets aside where nothing is said."""
    share: float = PretrainingInput.model_fields["held_out"].default
    return share


PROMISES = [
    Promise(page=PRETRAINING, words="at most about 128 MiB", values=lambda: SHARD_BYTES, promised=128 * 2**20),
    Promise(page=PRETRAINING, words="up to four for each process", values=lambda: MOST_WORKERS, promised=4),
    Promise(
        page=PRETRAINING,
        words="at most two more shards than the process reads streams",
        values=lambda: SPARE,
        promised=2,
    ),
    Promise(page=PRETRAINING, words="`held_out` (2 % by default)", values=held_out, promised=0.02),
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
    Promise(page="training/README.md", words="Every picture gives eight views", values=lambda: VIEWS, promised=8),
]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.words[:40])
def test_training_keeps_what_the_docs_promise(promise: Promise, root: Path) -> None:
    text = " ".join((root / promise.page).read_text(encoding="utf-8").split())
    assert promise.words in text
    assert promise.values() == promise.promised
