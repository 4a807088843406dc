"""What the model does with a batch of jobs, by mode."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PIL import Image

from atelier_inference.adapters import AdapterShelf
from atelier_inference.jobs import Job, Painted
from atelier_inference.pipelines import Model
from imaging.repaint import ROWS, Repainting, repaint_all
from imaging.segmenter import Segmenter


class Runner:
    """Runs jobs of one key; only the thread that owns the model may use it."""

    def __init__(self, model: Model, segmenter: Segmenter | None, shelf: AdapterShelf) -> None:
        self._model = model
        self._segmenter = segmenter
        self._shelf = shelf

    def run(self, jobs: Sequence[Job]) -> list[Painted]:
        """What was painted for each job, in order. Raises InvalidInputError where one of them cannot succeed."""
        kind = jobs[0].kind
        if kind == "segment":
            return [Painted(images=[mask], mask=mask) for mask in map(self._segment, jobs)]
        masks = [job.mask or self._segment(job) for job in jobs] if kind == "repaint" else []
        with _shared(jobs, "adapter"):
            self._shelf.switch(jobs[0].adapter, jobs[0].request.adapter_scale)
        with _shared(jobs, "paint"):
            return self._repaint(jobs, masks) if kind == "repaint" else self._draw(jobs)

    def _segment(self, job: Job) -> Image.Image:
        assert self._segmenter is not None
        assert job.picture is not None
        with job.watch.measure("segment"):
            return self._segmenter.mask(job.picture, job.request.mask_prompt, grow=job.request.mask_grow).mask

    def _repaint(self, jobs: Sequence[Job], masks: Sequence[Image.Image]) -> list[Painted]:
        works = [_repainting(job, mask) for job, mask in zip(jobs, masks, strict=True)]
        first = jobs[0]
        done = repaint_all(
            self._model.painter,
            works,
            steps=first.steps,
            guidance=first.guidance,
            resolution=self._model.resolution,
        )
        return [Painted(images=each.images, mask=each.alpha) for each in done]

    def _draw(self, jobs: Sequence[Job]) -> list[Painted]:
        rows = [(job, seed) for job in jobs for seed in job.seeds]
        images: list[Image.Image] = []
        for start in range(0, len(rows), ROWS):
            chunk = rows[start : start + ROWS]
            images += self._model.painter.paint(
                prompts=[job.request.prompt for job, _ in chunk],
                negative_prompts=[job.request.negative_prompt for job, _ in chunk],
                seeds=[seed for _, seed in chunk],
                size=jobs[0].size,
                steps=jobs[0].steps,
                guidance=jobs[0].guidance,
            )
        drawn = iter(images)
        return [Painted(images=[next(drawn) for _ in job.seeds]) for job in jobs]


def _repainting(job: Job, mask: Image.Image) -> Repainting:
    assert job.picture is not None
    return Repainting(
        picture=job.picture,
        mask=mask,
        prompt=job.request.prompt,
        negative_prompt=job.request.negative_prompt,
        seeds=job.seeds,
        blur=job.request.mask_blur,
    )


@contextmanager
def _shared(jobs: Sequence[Job], stage: str) -> Iterator[None]:
    """Measure a stage that the whole batch goes through together."""
    started = time.perf_counter()
    try:
        yield
    finally:
        for job in jobs:
            job.watch.add(stage, time.perf_counter() - started)
