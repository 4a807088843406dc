"""/v1/trainings/{id}/captions: the words that each picture is learnt by, to be read and mended before a training is paid for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools.event_handler import Response

from atelier_ops.gateways.storage import ObjectStore
from atelier_ops.gateways.workflow import Execution
from atelier_ops.logic.dataset import list_files
from atelier_ops.logic.http import Dependencies, ProblemError, Request, respond
from atelier_ops.logic.ownership import may_read, require_changeable
from atelier_ops.logic.trainings import existing, origin_of
from contracts.captions import CaptionsRequest
from contracts.dataset import CAPTIONS, INFO, PictureCaption
from contracts.dataset_files import DatasetFiles, composed, nearest, refuse
from contracts.dataset_texts import LARGEST_TEXT, caption_lines, read_caption_lines, read_captions, read_info
from contracts.errors import Problem
from contracts.layout import S3Uri, run_prefix
from contracts.safety.training import check_dataset


@dataclass(frozen=True, kw_only=True)
class CaptionedData:
    """A training's data set: its prefix, its files, and the contents of those that hold captions."""

    prefix: str
    files: DatasetFiles
    bodies: Mapping[str, bytes]

    @property
    def style(self) -> str:
        """Whose data set it is."""
        return self.prefix.rstrip("/").rpartition("/")[2]

    @property
    def own(self) -> Mapping[str, str]:
        """The captions that its files have, by picture. Raises InvalidInputError."""
        return read_captions(self.files, self.bodies).words


def get(request: Request, dependencies: Dependencies, training: str) -> Response[str]:
    """200 with what each picture of the training is learnt by. Raises ProblemError 404."""
    execution = existing(training, request, dependencies)
    return respond(200, _shown(execution, _data(execution, request, dependencies), dependencies))


def put(request: Request, dependencies: Dependencies, training: str) -> Response[str]:
    """200 with the same, once the data set has these captions, which later trainings learn by. Repeating it changes nothing.

    Raises ProblemError 403 and 404, InvalidInputError.
    """
    asked = CaptionsRequest.from_json(request.read_json())
    execution = existing(training, request, dependencies)
    data = _data(execution, request, dependencies)
    require_changeable(data.style, request, dependencies)
    refuse(_problems(asked.captions, data.files.pictures))
    names = {composed(name): name for name in data.files.pictures}
    words = {names[composed(each.file_name)]: each.text for each in asked.captions}
    check_dataset(None, words, dependencies.safety)
    body = caption_lines(words)
    files = replace(data.files, captions=tuple(dict.fromkeys((CAPTIONS, *data.files.captions))))
    changed = replace(data, files=files, bodies={**data.bodies, CAPTIONS: body})
    shown = _shown(execution, changed, dependencies)  # before it is written: another file may say other words
    dependencies.data.write(data.prefix + CAPTIONS, body, "application/jsonl")
    return respond(200, shown)


def _problems(captions: Sequence[PictureCaption], pictures: Sequence[str]) -> Iterator[Problem]:
    known, seen = {composed(name) for name in pictures}, set[str]()
    for index, caption in enumerate(captions):
        where, name = f"captions[{index}].file_name", composed(caption.file_name)
        if name not in known:
            yield Problem(where, caption.file_name, f"a picture of the data set{nearest(caption.file_name, pictures)}")
        elif name in seen:
            yield Problem(where, caption.file_name, "each picture once")
        seen.add(name)


def _data(execution: Execution, request: Request, dependencies: Dependencies) -> CaptionedData:
    """Raises ProblemError 404 where its data set is gone, or not one that the client may read."""
    prefix = S3Uri.parse(str(origin_of(execution, dependencies).input.get("dataset", "s3://-/"))).key.rstrip("/") + "/"
    listing = list_files(prefix, dependencies.data) if prefix.startswith("datasets/") else {}
    if not listing or not may_read(prefix.rstrip("/").rpartition("/")[2], request, dependencies):
        raise ProblemError(404, f"training: got {execution.name}, whose data set is gone; allowed: one that has it")
    files = DatasetFiles.of(listing)
    bodies = dependencies.data.read_starts([listing[name].key for name in files.captions], LARGEST_TEXT)
    return CaptionedData(prefix=prefix, files=files, bodies=dict(zip(files.captions, bodies, strict=True)))


def _shown(execution: Execution, data: CaptionedData, dependencies: Dependencies) -> dict[str, Any]:
    origin = origin_of(execution, dependencies)
    own, made = data.own, _automatic(origin, dependencies.data)
    prompt = str(origin.input.get("instance_prompt") or _described(data, dependencies.data))
    return {
        "captions": [
            {
                "file_name": name,
                "text": own.get(name) or made.get(name) or prompt,
                "source": "own" if name in own else "automatic" if name in made else "prompt",
            }
            for name in data.files.pictures
        ]
    }


def _automatic(origin: Execution, data: ObjectStore) -> Mapping[str, str]:
    """What the run made; nothing where it was not asked to, or has not come so far."""
    found = data.read_tagged(run_prefix(origin.name, "segment") + CAPTIONS)
    return read_caption_lines(found[0]) if found else {}


def _described(data: CaptionedData, store: ObjectStore) -> str:
    """The instance prompt that the data set has itself."""
    return read_info(store.read(data.prefix + INFO)).instance_prompt if data.files.info else ""
