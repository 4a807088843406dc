"""How a job that the model is done with becomes an answer: its pictures are finished, one at a time, and encoded."""

from collections.abc import Iterable, Iterator

from PIL import Image

from atelier_inference.answer_stream import FinishedAnswer
from atelier_inference.mode import Finish, Job
from contracts.appearance import PaintingMetrics
from contracts.mark import mark_of
from contracts.prediction import PredictionOutput
from imaging.pictures import LOSSY, encode


def make_answer(job: Job, finish: Finish, inference_id: str) -> FinishedAnswer:
    """Finish a job that the model is done with, and encode its pictures; any thread may do this.

    What the invisible mark says comes of ``inference_id``.
    """
    marking = job.mode.dependencies.marking if job.mode.paints else None
    mark = mark_of(inference_id) if marking else ""
    with job.watch.measure("finish"):
        result = finish()
        pictures = restore_transparency(job, marking.marked(result, mark) if marking else result.images)
    files = [_encoded(job, number, picture) for number, picture in enumerate(_made(job, pictures))]
    with job.watch.measure("encode"):
        mask = encode(result.mask, "png") if job.request.return_mask and result.mask else b""
    if job.request.output_format in LOSSY:
        job.notes.append(
            f"output_format: {job.request.output_format} is lossy, where nothing was painted too; png is not"
        )
    output = PredictionOutput(
        images=[""] * len(files),
        output_format=job.request.output_format,
        seed=job.seeds[0],
        model=job.model,
        adapter=job.adapter,
        second_adapter=job.second_adapter,
        seconds=job.watch.seconds(),
        metrics=PaintingMetrics(**job.metrics, pictures=job.appearances),
        mark=mark,
        # A job that failed beside others in its batch ran twice.
        notes=list(dict.fromkeys(job.notes)),
    )
    return FinishedAnswer(output=output, pictures=files, mask=mask)


def _made(job: Job, pictures: Iterable[Image.Image]) -> Iterator[Image.Image]:
    """The pictures, each made when it is its turn, and not kept: a large one is as much memory as a request may take."""
    remaining = iter(pictures)
    while True:
        with job.watch.measure("finish"):
            picture = next(remaining, None)
        if picture is None:
            return
        yield picture
        del picture


def _encoded(job: Job, number: int, picture: Image.Image) -> bytes:
    with job.watch.measure("encode"):
        return job.mode.dependencies.files.encode(job, picture, number)


def restore_transparency(job: Job, pictures: Iterable[Image.Image]) -> Iterable[Image.Image]:
    """An answer's pictures with the transparency of the request's picture, or a note in the answer where its format has none."""
    if job.cutout is None:
        return pictures
    if job.request.output_format == "jpeg":
        job.notes.append(
            "input.image is transparent in places, which a JPEG cannot be: white there; use png or webp to keep it"
        )
        return pictures
    return map(job.cutout.restored, pictures)
