"""The other side: what people write who have a diffusers pipeline and no server, a process of its own that is called in turn.

``python -m bench.serve.plain FOLDER`` reads a JSON line a load (``photos``: pairs of files, ``out``, ``prompts``, ``steps``, ``guidance``)
and prints one with the CPU and wall seconds that it took.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PlainLoad:
    """Seconds that one picture after another took, each from its file to its file."""

    cpu_each: float
    wall_each: float


class PlainPipeline:
    """A process with the stock pipeline, loaded."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def paint(self, photos: Sequence[tuple[Path, Path]], *, steps: int, guidance: float, out: Path) -> PlainLoad:
        """Restyle each photo under its mask, with guidance in all of the steps."""
        load = {"photos": [list(map(str, pair)) for pair in photos], "steps": steps, "guidance": guidance}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**load, "out": str(out)}) + "\n")
        self._process.stdin.flush()
        return PlainLoad(**json.loads(self._process.stdout.readline()))


@contextmanager
def plain_pipeline(model: Path) -> Iterator[PlainPipeline]:
    """The pipeline of a model's folder in a process of its own."""
    command = [sys.executable, "-m", "bench.serve.plain", str(model)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield PlainPipeline(process)
    finally:
        process.kill()
        process.wait()


def main(folder: str) -> None:
    """Load, in half precision onto the GPU where there is one; then answer each line."""
    import torch  # late: whoever only asks a process needs none of it
    from diffusers import StableDiffusionInpaintPipeline

    device, dtype = ("cuda", torch.float16) if torch.cuda.is_available() else ("cpu", torch.float32)
    pipeline = StableDiffusionInpaintPipeline.from_pretrained(
        folder, safety_checker=None, local_files_only=True, dtype=dtype
    ).to(device)
    pipeline.set_progress_bar_config(disable=True)
    for line in sys.stdin:
        load = json.loads(line)
        cpu, wall = time.process_time(), time.perf_counter()
        for number, (photo, mask) in enumerate(load["photos"]):
            _paint(pipeline, photo, mask, f"{load['out']}/plain-{number}.png", number, load)
        count = len(load["photos"])
        cpu, wall = (time.process_time() - cpu) / count, (time.perf_counter() - wall) / count
        print(json.dumps({"cpu_each": cpu, "wall_each": wall}), flush=True)


def _paint(pipeline: Any, photo: str, mask: str, out: str, seed: int, load: dict[str, Any]) -> None:
    import torch
    from PIL import Image

    side = pipeline.unet.config.sample_size * pipeline.vae_scale_factor
    picture, where = Image.open(photo).convert("RGB"), Image.open(mask).convert("L")
    painted = pipeline(
        prompt="a photo of a red skirt",
        image=picture.resize((side, side)),
        mask_image=where.resize((side, side)),
        height=side,
        width=side,
        num_inference_steps=load["steps"],
        guidance_scale=load["guidance"],
        generator=torch.Generator().manual_seed(seed),
    ).images[0]
    Image.composite(painted.resize(picture.size), picture, where).save(out)


if __name__ == "__main__":
    main(sys.argv[1])
