"""How one training of a search is compared with the others when it has ended."""

import gc
import logging

import torch
from PIL import Image

from atelier_training.base_files import load_segmenter, read_base
from atelier_training.bases import load_painter, paint
from atelier_training.data.examples import load_examples, opened
from atelier_training.data.pictures import DatasetFolder
from atelier_training.engine.interruption import Interruption
from atelier_training.evaluate.measure import garment_share
from atelier_training.evaluate.photos import choose_photos
from atelier_training.evaluate.real import RealGarment
from atelier_training.evaluate.restyle import ENOUGH
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.paths import MlPaths
from atelier_training.trials import forget
from contracts.artifact import BaseManifest
from contracts.sampling import Sampling
from diffusion.lora import fuse
from diffusion.lora_file import load_lora
from diffusion.painter import Painter
from imaging.repaint import Repainting, repaint_all

SEEDS = (101, 102)
"""The same for every training of a search, and none of an evaluation's: the best of many would else be the luckiest with those."""
FREE_SEEDS = tuple(range(101, 107))
"""Of whole pictures, painted from words alone."""

log = logging.getLogger(__name__)


def judge(job: FineTuneJob, paths: MlPaths, interruption: Interruption) -> None:
    """Paint the evaluation's photos with the model that was trained, and print the metric by which the search compares."""
    gc.collect()  # what has trained is gone, and its memory with it
    torch.cuda.empty_cache()
    interruption.doing = "painting with the trained model"
    dataset, masks, base = (
        DatasetFolder.read(paths.channel("dataset")),
        paths.channel("masks"),
        read_base(paths.channel("base")),
    )
    examples = load_examples(dataset, masks, job.instance_prompt)
    painter = _painter(job, paths, base)
    if job.task == "inpaint":
        segmenter = load_segmenter(paths.channel("segmenter"), str(painter.device))
        photos, _ = choose_photos(dataset, examples, segmenter, job.target)
        seeds = SEEDS[:1] if len(photos) >= ENOUGH else SEEDS
        works = [Repainting(picture=p.picture, mask=p.mask, prompt=job.instance_prompt, seeds=seeds) for p in photos]
        made = repaint_all(painter, works, sampling=Sampling.of(base.defaults), resolution=base.resolution)
        painted = [(image, photo.mask) for photo, one in zip(photos, made, strict=True) for image in one.images]
    else:
        pictures = paint(painter, [job.instance_prompt] * len(FREE_SEEDS), list(FREE_SEEDS), base)
        painted = [(picture, Image.new("L", picture.size, 255)) for picture in pictures]
    interruption.check("painting")
    log.info("garment_share=%.6f", garment_share(RealGarment.of(opened(examples)), painted))
    forget(job, paths.checkpoints)


def _painter(job: FineTuneJob, paths: MlPaths, base: BaseManifest) -> Painter:
    """The trained model, as the service has it."""
    painter = load_painter(paths.channel("base") if job.method == "lora" else paths.model, base, job.task)
    if job.method == "lora":
        fuse(painter.pipeline, load_lora(painter.pipeline, paths.model, job.style).to(painter.device))
    return painter
