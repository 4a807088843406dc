"""What is true of how a picture was made, and may be said in its file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from atelier_inference.mode import Job
from atelier_inference.modes.upscale import UpscaleJob
from atelier_inference.painting import PaintingJob
from imaging.xmp import COMPOSITE, PAINTED

SOURCE_TYPES: Mapping[str, str] = {
    "inpaint": COMPOSITE,
    "style": COMPOSITE,
    "image_to_image": PAINTED,
    # A diffusion model paints every pixel of what it enlarges, after the photo's.
    "upscale": COMPOSITE,
    "text_to_image": PAINTED,
}
"""The digital source type of what each mode answers. A mask, mode segment's answer, is no picture that could be taken for a photo."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is said of a picture: no word of the request but where ``prompt`` is not empty.

    ``photo`` is the SHA-256 of the file that was repainted, in hexadecimal digits, empty where nothing was; ``styles`` are the published
    versions, each with its strength; ``settings`` are numbers and names. ``consent`` is the request's reference to the
    consent of the person who is shown: it says who that is to the brand alone, and stands in the manifest alone.
    """

    source_type: str
    mode: str
    model: str
    styles: Sequence[tuple[str, float]]
    settings: Mapping[str, Any]
    photo: str = ""
    prompt: str = ""
    consent: str = ""

    @property
    def as_data(self) -> dict[str, Any]:
        """The settings as JSON knows them."""
        styles = [{"style": name, "scale": scale} for name, scale in self.styles]
        said = {"mode": self.mode, "model": self.model, "styles": styles, **self.settings}
        return said | ({"prompt": self.prompt} if self.prompt else {})

    @property
    def as_text(self) -> str:
        """The settings in one line of JSON."""
        return json.dumps(self.as_data, ensure_ascii=False)


def facts_of(job: Job, number: int, *, prompt: bool) -> Facts | None:
    """The facts of the picture of a job's seed ``number``; None for a mask. ``prompt`` says whether words may be said."""
    request = job.request
    source_type = SOURCE_TYPES.get(request.mode)
    if source_type is None:
        return None
    painting = job if isinstance(job, PaintingJob) else None
    return Facts(
        source_type=source_type,
        mode=request.mode,
        model=job.model,
        styles=[(name, scale) for name, _, scale in job.adapters] if isinstance(job, PaintingJob | UpscaleJob) else [],
        settings={"seed": job.seeds[number], **(_settings(painting) if painting else {})},
        photo=job.digest,
        prompt=request.prompt if prompt else "",
        consent=request.consent,
    )


def _settings(job: PaintingJob) -> dict[str, Any]:
    sampling, request = job.sampling, job.request
    said: dict[str, Any] = {"steps": sampling.steps, "guidance_scale": sampling.guidance}
    if request.mode == "image_to_image":
        said["strength"] = request.strength
    if request.colour:
        said["colour"] = request.colour
    if job.upscaling:
        said["upscaled"] = True
    return said
