"""A request that the model's device has no room for: noticed, told from one that only its neighbours leave no room for, and refused."""

import traceback

import torch

from atelier_inference.mode import Job
from atelier_inference.request_body import RequestError
from contracts.errors import InvalidInputError
from diffusion.fitting import is_out_of_memory


def lacked_memory(error: Exception) -> bool:
    """Whether an error says so; what its traceback holds, which may be most of the memory, is then let go."""
    lacked = is_out_of_memory(error)
    if lacked:
        traceback.clear_frames(error.__traceback__)
    return lacked


def has_no_room(job: Job) -> RequestError:
    """The refusal of a job that was painted alone, row by row, and still did not fit.

    413, since it is what was asked that is too large, and to ask again changes nothing; see docs/serving.md.
    """
    width, height = job.size
    what = f"{len(job.seeds)} of {width}x{height} pixels{', upscaled' if job.request.upscale else ''}"
    smaller = "smaller pictures, or none upscaled" if job.request.upscale else "smaller pictures"
    allowed = f"{smaller}: alone, one at a time, these need more memory than this server has{_memory(job)}"
    return RequestError(413, "OutOfMemoryError", InvalidInputError("pictures", got=what, allowed=allowed))


def _memory(job: Job) -> str:
    device = torch.device(job.mode.dependencies.model.painter.device)
    if device.type != "cuda":
        return ""
    free, total = torch.cuda.mem_get_info(device)
    return f", {total / 2**30:.1f} GiB on its GPU, of which {free / 2**30:.1f} are free without them"
