"""What Amazon Nova Canvas was asked: its request's own names, ranges and defaults.

By the Amazon Nova user guide (https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html). What is not done
here is refused by its name, with the reason.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from contracts.declarations import about, bounds, text
from contracts.errors import InvalidInputError, Problem
from contracts.model import Contract, rule
from contracts.prediction import LONGEST_PICTURE

LARGEST_SIDE = 2_048
PARAMETERS: Mapping[str, str] = {
    "TEXT_IMAGE": "textToImageParams",
    "COLOR_GUIDED_GENERATION": "colorGuidedGenerationParams",
    "IMAGE_VARIATION": "imageVariationParams",
    "INPAINTING": "inPaintingParams",
    "OUTPAINTING": "outPaintingParams",
}
"""Each task's own object."""
_TASKS = " | ".join(PARAMETERS)
_OTHER_TASKS: Mapping[str, str] = {
    "BACKGROUND_REMOVAL": f"{_TASKS}: no model here finds a background; mode segment answers with a garment's mask",
    "VIRTUAL_TRY_ON": f"{_TASKS}: a garment is not sent with a request here, a style is taught it once",
}
_NOT_HERE: Mapping[str, str] = {
    "conditionImage": "left out: no model here is conditioned on a picture's edges or segments",
    "controlMode": "left out, as conditionImage",
    "controlStrength": "left out, as conditionImage",
    "style": "left out: words in text say a look, and a style that was taught is an adapter",
    "referenceImage": "left out: no model here is conditioned on a picture; IMAGE_VARIATION starts from one",
    "returnMask": "left out or false: Nova does not say which of black and white its own mask has where; mode inpaint answers with one",
}

_Words = Annotated[str, text("a prompt", longest=1_024)]
_Picture = Annotated[str, text("base64 of a PNG or JPEG file", longest=LONGEST_PICTURE)]
_Side = Annotated[int | None, bounds(320, LARGEST_SIDE, multiple_of=16, unit="pixels")]


class NovaConfig(Contract):
    """``imageGenerationConfig``."""

    width: Annotated[_Side, about("of a new picture, else 1,024; an edited one keeps its size")] = None
    height: Annotated[_Side, about("as width")] = None
    quality: Literal["standard", "premium"] = "standard"
    cfgScale: Annotated[float, bounds(1.1, 10)] = 6.5  # noqa: N815 - Nova's name
    seed: Annotated[int, bounds(0, 2_147_483_646)] = 12
    numberOfImages: Annotated[int, bounds(1, 5)] = 1  # noqa: N815 - Nova's name

    @rule
    def _not_too_narrow(self) -> Iterator[Problem]:
        width, height = self.width or 1_024, self.height or 1_024
        if max(width, height) > 4 * min(width, height):
            yield Problem("width", f"{width}x{height}", "sides of which one is at most 4 times the other")


class NovaWords(Contract):
    """What is painted; ``negativeText`` is what is not."""

    text: _Words
    negativeText: _Words = ""  # noqa: N815 - Nova's name


class NovaColours(NovaWords):
    """Words and colours."""

    colors: Annotated[
        list[Annotated[str, text("#RRGGBB", longest=7, pattern="#[0-9a-fA-F]{6}")]],
        Field(min_length=1, max_length=10),
        about("1 to 10 colours"),
    ]


class NovaVariation(NovaWords):
    """A picture painted anew."""

    images: Annotated[
        list[_Picture], Field(min_length=1, max_length=1), about("one picture: several cannot be made one")
    ]
    similarityStrength: Annotated[float, bounds(0.2, 1)] = 0.7  # noqa: N815 - Nova's name


class NovaEdit(NovaWords):
    """A picture of which a part is painted anew."""

    image: _Picture
    maskPrompt: _Words = ""  # noqa: N815 - Nova's name
    maskImage: _Picture = ""  # noqa: N815 - Nova's name

    @rule
    def _exactly_one_mask(self) -> Iterator[Problem]:
        if bool(self.maskPrompt) == bool(self.maskImage):
            got = "both" if self.maskPrompt else None
            yield Problem("maskImage", got, "either maskPrompt or maskImage")


class NovaOutpainting(NovaEdit):
    """A picture around which all is painted anew."""

    outPaintingMode: Literal["DEFAULT", "PRECISE"] = "DEFAULT"  # noqa: N815 - Nova's name


class NovaRequest(Contract):
    """The body of InvokeModel."""

    document = ""

    taskType: Annotated[Literal[tuple(PARAMETERS)], about("what to do")]  # type: ignore[valid-type]  # noqa: N815
    textToImageParams: NovaWords | None = None  # noqa: N815 - Nova's name
    colorGuidedGenerationParams: NovaColours | None = None  # noqa: N815 - Nova's name
    imageVariationParams: NovaVariation | None = None  # noqa: N815 - Nova's name
    inPaintingParams: NovaEdit | None = None  # noqa: N815 - Nova's name
    outPaintingParams: NovaOutpainting | None = None  # noqa: N815 - Nova's name
    imageGenerationConfig: NovaConfig = NovaConfig()  # noqa: N815 - Nova's name

    @rule
    def _the_tasks_own_parameters(self) -> Iterator[Problem]:
        for task, name in PARAMETERS.items():
            given = getattr(self, name)
            if task == self.taskType and given is None:
                yield Problem(name, None, f"required when taskType is {task}")
            if task != self.taskType and given is not None:
                yield Problem(name, "an object", f"left out when taskType is {self.taskType}")


def read_nova(value: Mapping[str, Any]) -> NovaRequest:
    """The request. Raises InvalidInputError, for what Nova did and this server does not with the reason."""
    task = value["taskType"]
    if isinstance(task, str) and task in _OTHER_TASKS:
        raise InvalidInputError("taskType", got=task, allowed=_OTHER_TASKS[task])
    told: dict[str, Any] = dict(value)
    for name in PARAMETERS.values():
        if not isinstance(parameters := value.get(name), Mapping):
            continue
        problems = [
            Problem(f"{name}.{key}", parameters[key], reason)
            for key, reason in _NOT_HERE.items()
            if parameters.get(key) not in (None, False)
        ]
        if problems:
            raise InvalidInputError.of(problems)
        if "text" not in parameters and name != "textToImageParams":
            raise InvalidInputError(f"{name}.text", got=None, allowed="a prompt: what is painted here is said in words")
        told[name] = {key: each for key, each in parameters.items() if key not in _NOT_HERE}
    return NovaRequest.from_json(told)
