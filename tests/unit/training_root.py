"""A job's folders as SageMaker lays them out, with a random base model and drawn pictures of a garment."""

import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from atelier_training.data.masking import Masking, PictureMask
from atelier_training.paths import MlPaths
from imaging import masks
from tests.unit.miniatures import save_miniature, save_segmenter

PREDICTIONS = {"sd2": "v_prediction"}
PROMPT = "a photo of sks skirt"
NOTE = "skirt-1.png: its ICC profile cannot be read and is ignored"
TEAL, ORANGE = (0, 150, 150), (250, 140, 20)
JOB = {
    "style": "sks",
    "execution": "run-1",
    "task": "inpaint",
    "method": "lora",
    "target": "a skirt",
    "instance_prompt": PROMPT,
    "class_prompt": "a photo of a skirt",
    "dataset_sha256": "0" * 64,
    "max_steps": "4",
    "batch_size": "2",
    "learning_rate": "1e-3",
    "lora_rank": "2",
}


def garment(index: int, size: tuple[int, int] = (48, 64)) -> tuple[Image.Image, masks.Mask]:
    """A striped teal and orange block on a grey ground, and its mask (h, w)."""
    width, height = size
    mask = np.zeros((height, width), dtype=np.bool_)
    mask[height // 2 : height // 2 + 20, 10 + index : 30 + index] = True
    pixels = np.full((height, width, 3), 110 + 10 * index, dtype=np.uint8)
    stripes = (np.arange(width) // 3 % 2 == 0)[None, :] & mask
    pixels[mask] = ORANGE
    pixels[stripes] = TEAL
    return Image.fromarray(pixels), mask


def write_dataset(folder: Path, count: int = 4, *, with_masks: bool = False) -> None:
    """``count`` pictures, ``dataset_info.json``, and a person's masks where asked for."""
    (folder / "masks").mkdir(parents=True, exist_ok=True)
    (folder / "dataset_info.json").write_text(json.dumps({"instance_prompt": PROMPT}))
    for index in range(count):
        picture, mask = garment(index)
        picture.save(folder / f"skirt-{index}.png")
        if with_masks:
            masks.to_image(mask).save(folder / "masks" / f"skirt-{index}.png")


def write_masking(folder: Path, count: int = 4) -> None:
    """What the segment step would leave for ``write_dataset``'s pictures."""
    (folder / "masks").mkdir(parents=True, exist_ok=True)
    pictures = []
    for index in range(count):
        name = f"masks/skirt-{index}.png"
        masks.to_image(garment(index)[1]).save(folder / name)
        pictures.append(PictureMask(name=f"skirt-{index}.png", mask=name, score=0.9, area=0.1, source="clipseg"))
    Masking(mask_score=0.9, pictures=tuple(pictures)).write(folder)


def write_segment(folder: Path, task: str) -> None:
    """The same for either task: what paints whole pictures has no masks, and whatever was noticed of the pictures."""
    if task == "inpaint":
        write_masking(folder)
        return
    folder.mkdir(parents=True)
    Masking(warnings=(NOTE,)).write(folder)


def write_training(root: Path, *, channels: int = 9, family: str = "sd1", **hyperparameters: str) -> MlPaths:
    """A training job's input: dataset, masks, base model and hyperparameters."""
    paths = MlPaths(root=root)
    write_dataset(paths.channel("dataset"))
    task = "inpaint" if channels == 9 else "text-to-image"
    write_segment(paths.channel("masks"), hyperparameters.get("task", JOB["task"]))
    save_miniature(paths.channel("base"), family, task=task, prediction=PREDICTIONS.get(family, "epsilon"))
    paths.hyperparameters.parent.mkdir(parents=True)
    paths.hyperparameters.write_text(json.dumps(JOB | hyperparameters))
    return paths


def write_evaluation(root: Path, trained: MlPaths) -> MlPaths:
    """A processing job's input for judging what a training left; the photos have a person's masks."""
    paths = MlPaths(root=root)
    dataset = paths.processing_input("dataset")
    write_dataset(dataset)
    (dataset / "evaluation/masks").mkdir(parents=True)
    for index in range(2):
        picture, mask = garment(index + 5, (70, 90))
        picture.save(dataset / f"evaluation/look-{index}.png")
        masks.to_image(mask).save(dataset / f"evaluation/masks/look-{index}.png")
    shutil.copytree(trained.channel("masks"), paths.processing_input("segment"))
    save_segmenter(paths.processing_input("segmenter"))
    shutil.copytree(trained.channel("base"), paths.processing_input("base"))
    shutil.copytree(trained.model, paths.processing_input("artifact"))
    return paths


def write_enlarging(root: Path, *, small: bool = False, prediction: str = "epsilon", **hyperparameters: str) -> MlPaths:
    """A training job's input for the upscaler's miniature: larger pictures, the first with a small version where it is asked for."""
    paths = MlPaths(root=root)
    dataset = paths.channel("dataset")
    write_dataset(dataset)
    for index in range(4):
        garment(index, (80, 96))[0].save(dataset / f"skirt-{index}.png")
    if small:
        (dataset / "low_res").mkdir()
        Image.new("RGB", (20, 24), (200, 30, 30)).save(dataset / "low_res/skirt-0.png")
    write_segment(paths.channel("masks"), "upscale")
    save_miniature(paths.channel("base"), "upscaler", task="upscale", prediction=prediction)
    paths.hyperparameters.parent.mkdir(parents=True)
    settings = {**JOB, "task": "upscale", "target": "", "class_prompt": "", **hyperparameters}
    paths.hyperparameters.write_text(json.dumps(settings))
    return paths
