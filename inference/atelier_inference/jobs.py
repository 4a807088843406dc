"""From a request to a job that the model can run, and from its pictures to the answer; any thread may do this."""

import base64
import secrets
import time
from collections.abc import Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from PIL import Image

from atelier_inference.adapters import StyleCatalogue
from atelier_inference.inputs import PictureReader
from atelier_inference.pipelines import Model
from atelier_inference.stopwatch import Stopwatch
from contracts.errors import InvalidInputError
from contracts.prediction import PredictionInput, PredictionOutput
from imaging.masks import from_image, grow, to_image
from imaging.pictures import encode

_SEEDS = 2**32
_NEEDS_PICTURE = ("style", "inpaint", "segment")
_NEEDS_SEGMENTER = ("style", "segment")


@dataclass(frozen=True, kw_only=True)
class Painted:
    """What the model made of a job: RGB pictures (in mode segment, the mask, ``L``), and the mask used where there is one."""

    images: list[Image.Image]
    mask: Image.Image | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """A request, checked, its pictures decoded and its defaults filled in; ``future`` gets what was painted."""

    request: PredictionInput
    seeds: Sequence[int]
    adapter: str
    steps: int
    guidance: float
    size: tuple[int, int]
    picture: Image.Image | None = None
    mask: Image.Image | None = None
    watch: Stopwatch = field(default_factory=Stopwatch)
    created: float = field(default_factory=time.perf_counter)
    future: "Future[Painted]" = field(default_factory=Future)

    @property
    def kind(self) -> str:
        """``repaint`` (modes style and inpaint), ``segment`` or ``text_to_image``: what the model has to do."""
        return "repaint" if self.request.mode in ("style", "inpaint") else self.request.mode

    @property
    def key(self) -> Hashable:
        """Equal for jobs that one call of the pipeline can serve."""
        if self.kind == "segment":
            return self.kind
        size = self.size if self.kind == "text_to_image" else None
        return self.kind, self.adapter, self.request.adapter_scale, self.steps, self.guidance, size

    @property
    def rows(self) -> int:
        """Pictures to paint."""
        return len(self.seeds)


class JobMaker:
    """Knows what a request may leave out: the model's defaults, the newest version of a style, a seed."""

    def __init__(self, model: Model, reader: PictureReader, catalogue: StyleCatalogue, *, segmenter: bool) -> None:
        self._model = model
        self._reader = reader
        self._catalogue = catalogue
        self._segmenter = segmenter

    def prepare(self, request: PredictionInput) -> Job:
        """Read and check everything that can be wrong before the model is asked. Raises InvalidInputError."""
        if request.mode in _NEEDS_SEGMENTER and not self._segmenter:
            allowed = "inpaint | text_to_image, because this server was given no segmenter"
            raise InvalidInputError("input.mode", got=request.mode, allowed=allowed)
        watch = Stopwatch()
        with watch.measure("read"):
            picture, mask = self._pictures(request)
            adapter = self._catalogue.resolve(request.adapter) if request.adapter else ""
        return Job(
            request=request,
            seeds=_seeds(request),
            adapter=adapter,
            steps=request.num_inference_steps or self._model.steps,
            guidance=self._model.guidance if request.guidance_scale is None else request.guidance_scale,
            size=(request.width or self._model.resolution, request.height or self._model.resolution),
            picture=picture,
            mask=mask,
            watch=watch,
        )

    def answer(self, job: Job, painted: Painted) -> PredictionOutput:
        """Encode what was painted."""
        with job.watch.measure("encode"):
            images = [_base64(encode(image, job.request.output_format)) for image in painted.images]
            wanted = painted.mask if job.request.return_mask else None
            mask = _base64(encode(wanted, "png")) if wanted else ""
        return PredictionOutput(
            images=images,
            output_format=job.request.output_format,
            seed=job.seeds[0],
            model=self._model.reference,
            adapter=job.adapter,
            mask=mask,
            seconds=job.watch.seconds(),
        )

    def _pictures(self, request: PredictionInput) -> tuple[Image.Image | None, Image.Image | None]:
        if request.mode not in _NEEDS_PICTURE:
            return None, None
        picture = self._reader.picture(request.image, where="input.image")
        if request.mode != "inpaint":
            return picture, None
        mask = self._reader.mask(request.mask, where="input.mask")
        if mask.size != picture.size:
            allowed = f"{picture.width}x{picture.height}, the picture's own size"
            raise InvalidInputError("input.mask", got=f"{mask.width}x{mask.height}", allowed=allowed)
        # A person's mask is taken at its word: it grows only where asked.
        return picture, to_image(grow(from_image(mask), request.mask_grow or 0))


def unused(request: PredictionInput) -> list[str]:
    """The fields that were given but mean nothing in the request's mode, for the log to warn of."""
    useless = {
        "style": ("mask", "width", "height"),
        "inpaint": ("mask_prompt", "width", "height"),
        "segment": ("prompt", "negative_prompt", "mask", "mask_blur", "adapter", "width", "height"),
        "text_to_image": ("image", "mask", "mask_prompt", "mask_grow", "mask_blur", "return_mask"),
    }
    return [name for name in useless[request.mode] if getattr(request, name) not in (None, "", False)]


def _seeds(request: PredictionInput) -> list[int]:
    if request.mode == "segment":
        return [request.seed or 0]
    first = secrets.randbelow(_SEEDS) if request.seed is None else request.seed
    return [(first + number) % _SEEDS for number in range(request.num_outputs)]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
