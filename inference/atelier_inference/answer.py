"""From a finished job to the response body."""

import base64

from PIL import Image

from atelier_inference.mode import Finish, Job
from contracts.prediction import PredictionOutput
from imaging.pictures import encode


def make_answer(job: Job, finish: Finish) -> PredictionOutput:
    """Finish a job that the model is done with, and encode its pictures; any thread may do this."""
    with job.watch.measure("finish"):
        result = finish()
    with job.watch.measure("encode"):
        images = [_base64(image, job.request.output_format) for image in result.images]
        mask = _base64(result.mask, "png") if job.request.return_mask and result.mask else ""
    return PredictionOutput(
        images=images,
        output_format=job.request.output_format,
        seed=job.seeds[0],
        model=job.model,
        adapter=job.adapter,
        mask=mask,
        seconds=job.watch.seconds(),
    )


def _base64(image: Image.Image, file_format: str) -> str:
    return base64.b64encode(encode(image, file_format)).decode("ascii")
