"""Trains one way with one seed by the training job itself, and judges it as the report does; a strip shows what it paints."""

import shutil
from pathlib import Path

from PIL import Image

from bench.train.jobs import run_job
from bench.train.learnt import StyleJudge
from bench.train.roots import make_root
from contracts.artifact import ADAPTER_WEIGHTS
from imaging.repaint import Inpainter
from lessons.trainings.garment import pictures, write_captions
from lessons.trainings.results import TrainingResults
from lessons.trainings.tried import SEEDS, TRIED
from models.tiny.make.sample import INSTANCE_PROMPT
from models.tiny.make.score.styles import TrainedStyle, load_style, repaint_photos, skirt_photos

STRIPS = Path(__file__).parents[2] / "docs" / "learn" / "strips"
SHOWN, CELL = 3, 128
"""Photos in a strip, and the side of each in pixels."""


def measure(name: str, seed: int, out: Path, results: TrainingResults) -> dict[str, float]:
    """Train in a folder below ``out``, keep the scores, and of the first seed a strip."""
    tried = TRIED[name]
    drawn = pictures(tried, seed)
    paths = make_root("tiny", "lora", out, drawn, "lesson", **tried.settings(seed))
    write_captions(tried, drawn, paths)
    job = run_job("ours", paths)
    scores = StyleJudge(paths.channel("base"))(paths.model, leak=True)
    scores |= {"megabytes": (paths.model / ADAPTER_WEIGHTS).stat().st_size / 1e6, "cpu_seconds": job.total}
    if seed == SEEDS[0]:
        STRIPS.mkdir(parents=True, exist_ok=True)
        style = load_style(paths.channel("base"), TrainedStyle(folder=paths.model, method="lora", cpu_seconds=0))
        strip(style).save(strip_path(name), quality=90, method=6)
    results.add(tried.key(seed), scores)
    shutil.rmtree(paths.root)
    return scores


def strip_path(name: str) -> Path:
    """Where the strip of one way to train is kept."""
    return STRIPS / f"{name.replace(' ', '-').replace('.', '_')}.webp"


def strip(painter: Inpainter) -> Image.Image:
    """Photos asked for the garment, and the first again asked for a red skirt: how well it is learnt, and what it leaks."""
    photos = skirt_photos(SHOWN)
    worn = [painted for (painted,) in repaint_photos(painter, photos, INSTANCE_PROMPT, [7])]
    worn += [painted for (painted,) in repaint_photos(painter, photos[:1], "a photo of a red skirt", [7])]
    sheet = Image.new("RGB", (len(worn) * CELL, CELL))
    for index, painted in enumerate(worn):
        sheet.paste(fitted(painted), (index * CELL, 0))
    return sheet


def fitted(picture: Image.Image) -> Image.Image:
    """The middle of a picture, as a square of a cell."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)).resize((CELL, CELL), Image.Resampling.LANCZOS)
