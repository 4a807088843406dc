"""The main job on this machine: 12 pictures of a garment in, a fine-tuned style out, and photos restyled through the HTTP API."""

import io
import json as json_text
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from atelier.pictures import inline
from cli.cdk import ROOT
from cli.follow import follow
from cli.keep import stay_up
from cli.page import write_page
from cli.progress import Progress
from cli.session import Deployment, deployed, upload_folder
from cli.terminal import print_json
from contracts.disclosure import chosen
from contracts.layout import S3Uri
from imaging.sheet import SheetRow, draw_sheet
from infra.config import stage_named

SAMPLE = ROOT / "models" / "tiny" / "sample"
STYLE = "sunset-skirt"
TARGET = "a skirt"
PROMPT = "a photo of sks skirt"
SEED = 7
COLUMNS = ("original", "mask", "before fine-tuning", "after fine-tuning")


@dataclass(frozen=True, kw_only=True)
class PhotoResult:
    """A photo that training never saw, its mask, and the garment repainted; outside ``alpha`` (the feathered mask) nothing changes."""

    name: str
    original: Image.Image
    mask: Image.Image
    alpha: Image.Image
    before: Image.Image
    after: Image.Image


def run_demo(*, out: Path, port: int | None, stay: bool, json: bool = False) -> None:
    """Run the main job; pictures, page and numbers land in ``out``. ``stay`` keeps the API up at the end, until Ctrl-C."""
    progress = Progress(sys.stderr if json else None)
    start = time.monotonic()
    with deployed((out / "run").resolve(), progress, port=port) as deployment:
        output = _fine_tune(deployment, progress)
        photos = _restyle_all(deployment, progress, adapter=output["adapter"])
        numbers = _numbers(output, photos, progress, time.monotonic() - start)
        _write(out, photos, numbers, _download_report(deployment, output, out))
        command = _curl(deployment, output["adapter"])
        progress.say(_summary(numbers, out, page=f"{deployment.page}#/restyle?style={STYLE}"))
        progress.say(f"\n{shlex.join(command)}\n{_try(command)}")
        if json:
            print_json(
                {**numbers, "sheet": str(out / "sheet.png"), "page": str(out / "index.html"), "app": deployment.page}
            )
            sys.stdout.flush()
        if not stay:
            progress.say(
                "\nThe local cloud ends with this command, and this address with it: atelier demo --stay keeps it up."
            )
        if stay:
            stay_up(deployment, progress)


def _fine_tune(deployment: Deployment, progress: Progress) -> dict[str, Any]:
    bucket = deployment.outputs["DataBucketName"]
    prefix = f"datasets/{STYLE}/"
    with progress.stage("upload"):
        upload_folder(deployment.client("s3"), SAMPLE / "dataset", bucket, prefix)
    execution = deployment.client("stepfunctions").start_execution(
        stateMachineArn=deployment.outputs["StateMachineArn"],
        name=f"demo-{time.strftime('%Y%m%d-%H%M%S')}",
        input=json_text.dumps(
            {"style": STYLE, "dataset": f"s3://{bucket}/{prefix}", "target": TARGET, "gate": {"garment_share": 0.5}}
        ),
    )
    return follow(deployment.client, execution["executionArn"], progress).output


def _restyle_all(deployment: Deployment, progress: Progress, *, adapter: str) -> list[PhotoResult]:
    with progress.stage("restyle") as stage:
        photos = list[PhotoResult]()
        paths = sorted((SAMPLE / "photos").iterdir())
        for path in paths:
            stage.detail(path.name, done=len(photos), total=len(paths))
            photos.append(_restyle(deployment, path, adapter))
        return photos


def _restyle(deployment: Deployment, path: Path, adapter: str) -> PhotoResult:
    request = {"mode": "style", "image": inline(path), "mask_prompt": TARGET, "prompt": PROMPT, "seed": SEED}
    before, alpha = deployment.api.predict({**request, "return_mask": True})
    after, _ = deployment.api.predict({**request, "return_mask": True, "adapter": adapter})
    segment = {"mode": "segment", "image": request["image"], "mask_prompt": TARGET, "mask_grow": 0}
    (mask,) = deployment.api.predict(segment)
    pictures = {"mask": mask, "alpha": alpha, "before": before, "after": after, "original": path.read_bytes()}
    return PhotoResult(name=path.stem, **{name: _open(picture) for name, picture in pictures.items()})


def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def _numbers(output: dict[str, Any], photos: list[PhotoResult], progress: Progress, seconds: float) -> dict[str, Any]:
    ious = [mask_iou(photo.mask, _open((SAMPLE / "truth" / f"{photo.name}.png").read_bytes())) for photo in photos]
    changed = [bytes_changed_outside(p.original, painted, p.alpha) for p in photos for painted in (p.before, p.after)]
    return {
        "stages_seconds": progress.seconds,
        "total_seconds": round(seconds, 1),
        **{name: output["metrics"][name] for name in ("palette_before", "palette_after", "palette_real")},
        "mask_iou": round(sum(ious) / len(ious), 3),
        "pixels_changed_outside": sum(changed),
    }


def mask_iou(mask: Image.Image, truth: Image.Image) -> float:
    """Intersection over union, 0 to 1, of two masks of one size (white = garment); 1 where both are empty."""
    ours, theirs = (np.asarray(picture.convert("L")) > 127 for picture in (mask, truth))
    union = np.logical_or(ours, theirs).sum()
    return float(np.logical_and(ours, theirs).sum() / union) if union else 1.0


def bytes_changed_outside(before: Image.Image, after: Image.Image, alpha: Image.Image) -> int:
    """Bytes that differ where the feathered mask ``alpha`` is 0. All three are of one size; raises ValueError otherwise."""
    if not before.size == after.size == alpha.size:
        raise ValueError(f"sizes differ: {before.size}, {after.size}, {alpha.size}")
    outside = np.asarray(alpha.convert("L")) == 0
    differs = np.asarray(before.convert("RGB")) != np.asarray(after.convert("RGB"))
    return int(differs[outside].sum())


def _write(out: Path, photos: list[PhotoResult], numbers: dict[str, Any], report: Path) -> None:
    rows = [SheetRow(pictures=[p.original, p.mask, p.before, p.after], caption=p.name) for p in photos]
    # The sheet is in English, and so is what it says of itself.
    told = chosen(stage_named("local").disclosure.texts, "en")[1]
    draw_sheet(COLUMNS, rows, title=f'"{TARGET}" repainted as "{PROMPT}"', note=told).save(out / "sheet.png")
    (out / "metrics.json").write_text(json_text.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    write_page(out, numbers, report, disclosure=told)


def _download_report(deployment: Deployment, output: dict[str, Any], out: Path) -> Path:
    """Copy the evaluation's own report out of the data bucket, before the cloud stops."""
    address, path = S3Uri.parse(output["report"]), out / "evaluation.html"
    deployment.client("s3").download_file(address.bucket, address.key, str(path))
    return path


def _curl(deployment: Deployment, adapter: str) -> list[str]:
    """A command that asks the API for one more picture."""
    request = {"mode": "text_to_image", "prompt": PROMPT, "adapter": adapter, "seed": SEED}
    address = f"{deployment.api.url.rstrip('/')}/v1/predictions"
    headers = ["-H", f"x-api-key: {deployment.api.key}", "-H", "content-type: application/json"]
    return ["curl", "-sS", "--fail-with-body", address, *headers, "-d", json_text.dumps({"input": request})]


def _try(command: list[str]) -> str:
    """Run the command that is printed for the reader to copy, and say what it answered."""
    if shutil.which(command[0]) is None:
        return "(curl is not installed here, so this line was not tried)"
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if result.returncode:
        return f"(tried and failed: {result.stdout}{result.stderr})"
    return f"(tried: {result.stdout.strip()[:100]}…)"


def _summary(numbers: dict[str, Any], out: Path, *, page: str) -> str:
    share = numbers["palette_after"] / numbers["palette_real"]
    return f"""
try it     {page}
pictures   {out / "sheet.png"}
report     {out / "index.html"}
numbers    {out / "metrics.json"}
garment's colours inside the mask: {numbers["palette_before"]:.2f} before, {numbers["palette_after"]:.2f} after \
fine-tuning, {numbers["palette_real"]:.2f} in real pictures ({share:.0%} of real)
mask IoU {numbers["mask_iou"]:.2f}; bytes changed outside the mask: {numbers["pixels_changed_outside"]}
{numbers["total_seconds"]:.0f} s in all"""
