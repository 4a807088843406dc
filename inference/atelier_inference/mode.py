"""What a mode of the server is: how a request becomes a job, which jobs share a batch, and what the model does with a batch."""

import secrets
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from PIL import Image

from atelier_inference.adapters import AdapterShelf
from atelier_inference.inputs import PictureReader
from atelier_inference.pipelines import Model
from atelier_inference.skin_gate import SkinGate
from atelier_inference.steps import StepCount, counting
from atelier_inference.styles import StyleCatalogue
from atelier_inference.upscaling import Enlarger
from contracts.answer_size import check_answer
from contracts.appearance import Appearance
from contracts.errors import InvalidInputError
from contracts.modes import ModeFields
from contracts.pictures import MOST_PIXELS
from contracts.prediction import MOST_ANSWER_PIXELS, PredictionInput
from contracts.safety.rules import CLOSED, SafetyRules
from contracts.work import Pace, check_fast, check_work
from diffusion.family import after_each_step
from diffusion.words import unused_words
from imaging.cutout import Cutout
from imaging.segmenter import GarmentMask, Segmenter
from imaging.tiling import FACTOR

_SEEDS = 2**32
MOST_PIXELS_OF_CLEAR_WEBP = 32_000_000
"""Encoding a WebP with transparency takes 13 bytes a pixel; all else takes a picture of twice the pixels to the limit."""


class Stopwatch:
    """Adds up one request's wall-clock seconds by stage."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add the time inside the block to ``stage``, also where it raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - started)

    def add(self, stage: str, seconds: float) -> None:
        """Add seconds measured elsewhere, such as a batch's."""
        self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds

    def seconds(self) -> dict[str, float]:
        """Seconds by stage, in the order of their first measurement, to the millisecond."""
        return {stage: round(seconds, 3) for stage, seconds in self._seconds.items()}


class PictureFiles(Protocol):
    """Makes the files of an answer, which say where they come from. Any thread may use it."""

    def encode(self, job: "Job", picture: Image.Image, number: int) -> bytes:
        """The file of the job's picture ``number``, in the format of its request."""


class Marking(Protocol):
    """Writes the invisible mark. Any thread may use it."""

    def marked(self, result: "Result", mark: str) -> Iterator[Image.Image]:
        """The pictures of a result, with a mark (12 hexadecimal digits) in what was painted."""


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What modes work with. Only the model's thread may use the models and the adapters."""

    model: Model
    adapters: AdapterShelf
    catalogue: StyleCatalogue
    reader: PictureReader
    files: PictureFiles
    marking: Marking | None
    segmenter: Segmenter | None
    enlarger: Enlarger | None
    enlarger_adapters: AdapterShelf | None
    pace: Pace
    gate: SkinGate
    safety: SafetyRules = CLOSED


@dataclass(frozen=True, kw_only=True)
class Result:
    """The pictures of an answer (RGB; in mode segment the mask, ``L``), and the mask used where there is one.

    Each picture is made when it is its turn, so that one is in memory at a time; they can be gone through once.
    """

    images: Iterable[Image.Image]
    mask: Image.Image | None = None


Finish = Callable[[], Result]
"""What is left to do of a job once the model is done with it; any thread may do it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """A checked request, its pictures decoded and its defaults filled in.

    ``size`` is the width and height, in pixels, of the request's picture or of the one to paint; ``model`` is what answers. ``cutout``
    is the picture whose transparency comes back, ``digest`` the SHA-256 of the request's file in hexadecimal digits, empty without one.
    ``notes``, ``metrics`` and ``appearances`` are the answer's, filled in on the way.
    """

    mode: "Mode[Any]"
    request: PredictionInput
    model: str
    size: tuple[int, int]
    watch: Stopwatch
    seeds: Sequence[int] = (0,)
    adapter: str = ""
    second_adapter: str = ""
    cutout: Cutout | None = None
    digest: str = ""
    notes: list[str] = field(default_factory=list)
    metrics: dict[str, float] = field(default_factory=dict)
    appearances: list[Appearance] = field(default_factory=list)
    created: float = field(default_factory=time.perf_counter)
    future: "Future[Finish]" = field(default_factory=Future)
    steps: StepCount = field(default_factory=StepCount)
    abandoned: threading.Event = field(default_factory=threading.Event)
    """Set once nobody waits for the answer."""

    @property
    def key(self) -> Hashable:
        """Equal for jobs that can share a batch."""
        return self.mode.batch_key(self)

    @property
    def styles(self) -> Hashable:
        """Equal for jobs whose rows use the same adapters, if any."""
        return self.adapter, self.second_adapter

    @property
    def rows(self) -> int:
        """Rows of the model's batch that the job takes up."""
        return len(self.seeds)


J = TypeVar("J", bound=Job)


class Mode(ABC, Generic[J]):
    """One mode; which fields it ignores comes from the contract's declaration of it. ``paints`` says whether its answers are pictures."""

    paints: ClassVar[bool] = True

    def __init__(self, fields: ModeFields, dependencies: Dependencies) -> None:
        self._fields = fields
        self.dependencies = dependencies

    def ignores(self, request: PredictionInput) -> list[str]:
        """The fields that were given but mean nothing in this mode, for the answer's notes and the log."""
        fields = type(request).model_fields
        return self._fields.ignored(name for name in fields if getattr(request, name) != fields[name].default)

    def affordable(self, request: PredictionInput, take_room: Callable[[int], None]) -> J:
        """``prepare``, and refuse, with InvalidInputError, what would take too long.

        ``take_room`` is called with the pixels of a picture, or of what it is enlarged to, before it is decoded.
        """
        check_fast(request, self.dependencies.pace)
        enlarged = FACTOR**2 if request.upscale or request.mode == "upscale" else 1
        with self.dependencies.reader.taking_room(lambda pixels: take_room(pixels * enlarged)):
            job = self.prepare(request)
        _check_format(job)
        # A cutout's own colours and its files are more for each pixel.
        most = min(MOST_PIXELS if job.cutout else MOST_ANSWER_PIXELS, self.dependencies.pace.most_answer_pixels)
        check_answer(request, self.dependencies.pace.resolution, job.size, most=most)
        check_work(request, self.dependencies.pace, job.size)
        return job

    @abstractmethod
    def prepare(self, request: PredictionInput) -> J:
        """Do all that needs no model, and refuse what cannot succeed, with InvalidInputError. Any thread may call this."""

    @abstractmethod
    def batch_key(self, job: J) -> Hashable:
        """What must be equal for two jobs to run in one batch; modes that share a key share ``run``."""

    @abstractmethod
    def run(self, jobs: Sequence[J]) -> list[Finish]:
        """Use the model, in its thread, for jobs of one key; for each job, in order, what is left to do.

        Raises InvalidInputError where one of them cannot succeed.
        """

    def run_for_somebody(self, jobs: Sequence[J]) -> list[Finish]:
        """``run``, but ended between two steps once nobody waits for any of the jobs. Raises CanceledError then."""
        with after_each_step(counting(jobs)):
            return self.run(jobs)

    def garment(self, job: Job, picture: Image.Image) -> GarmentMask:
        """The mask of what the job's words describe, with its metrics and notes for the answer. In the model's thread.

        Raises GarmentNotFoundError.
        """
        words, segmenter = job.request.mask_prompt, self.require_segmenter(job.request)
        with job.watch.measure("segment"):
            garment = segmenter.mask(picture, words, grow=job.request.mask_grow)
        job.metrics.update(garment.metrics)
        things = segmenter.things(words)
        if things != [words]:
            job.notes.append(f"mask_prompt: masked {' and '.join(repr(thing) for thing in things)}")
        for thing in things:
            note_unused(job, "mask_prompt", unused_words(segmenter.tokenizer, thing, longest=segmenter.longest))
        return garment

    def require_enlarger(self, where: str, got: object) -> Enlarger:
        """The upscaler. Raises InvalidInputError, naming the field ``where``, in a server that holds none."""
        if self.dependencies.enlarger is None:
            raise InvalidInputError(where, got=got, allowed="nothing that upscales: this server holds no upscaler")
        return self.dependencies.enlarger

    def require_segmenter(self, request: PredictionInput) -> Segmenter:
        """The segmenter. Raises InvalidInputError in a server that holds none."""
        if self.dependencies.segmenter is None:
            allowed = "a mode that finds no garment: this server holds no segmenter"
            raise InvalidInputError("input.mode", got=request.mode, allowed=allowed)
        return self.dependencies.segmenter


def _check_format(job: Job) -> None:
    """Raises InvalidInputError where encoding would take more memory than all that went before."""
    pixels = job.size[0] * job.size[1]
    if job.cutout and job.request.output_format == "webp" and pixels > MOST_PIXELS_OF_CLEAR_WEBP:
        got = f"webp, of a picture with transparency that has {pixels} pixels"
        allowed = f"png, or a picture of at most {MOST_PIXELS_OF_CLEAR_WEBP} pixels"
        raise InvalidInputError("input.output_format", got=got, allowed=allowed)


def note_unused(job: Job, field_name: str, words: str) -> None:
    """Leave a note for the answer where words were not used."""
    if words:
        job.notes.append(f"{field_name}: too long for the text encoder, not used: {words}")


def seeds(request: PredictionInput) -> list[int]:
    """One seed a picture: each counts on from the first, which is random where the request has none."""
    first = secrets.randbelow(_SEEDS) if request.seed is None else request.seed
    return [(first + number) % _SEEDS for number in range(request.num_outputs)]


def blended(enlarger: Enlarger, size: tuple[int, int], pictures: Sequence[Sequence[Image.Image]]) -> Result:
    """Finish a job whose pictures, of ``size`` (width, height), were enlarged tile by tile."""
    return Result(images=(enlarger.blend(tiles, size) for tiles in pictures))


@contextmanager
def measured(jobs: Sequence[Job], stage: str) -> Iterator[None]:
    """Measure a stage that a whole batch goes through together: each of its jobs took that long."""
    started = time.perf_counter()
    try:
        yield
    finally:
        for job in jobs:
            job.watch.add(stage, time.perf_counter() - started)
