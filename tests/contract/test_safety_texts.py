"""Every text that reaches a model is read by the gate of words, and docs/safety.md says where."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from atelier_ops.logic.evaluation import evaluation_plan
from contracts.batches import BatchInput
from contracts.corpus import Caption, Vocabulary
from contracts.dataset import DatasetInfo, PictureCaption
from contracts.declarations import NOT_BLANK
from contracts.execution import EvaluationInput, ExecutionInput
from contracts.model import json_schema
from contracts.prediction import PredictionInput
from contracts.pretraining import PretrainingInput
from contracts.routes.table import ROUTES
from contracts.safety.refusal import RefusedWordsError
from contracts.safety.rules import CLOSED
from contracts.safety.training import check_captions
from contracts.search import searchable
from tests.unit.ops_api import Api
from tests.unit.ops_fakes import PNG, execution
from tests.unit.ops_pretraining import make_pretraining_stage, pretraining_plan_of
from tests.unit.ops_stage import JOBS, make_stage, plan_of, put_dataset
from tests.unit.test_ops_safety import PICTURE, TRAINING

REFUSED = "a nude woman"
READ = {"a prompt", "a caption"}
"""What the contracts call texts that a model reads."""

UNREAD = {
    "a base model's name",
    "a base model's name or name@revision",
    "a batch's id",
    "a client's name",
    "a file name",
    "a licence's name",
    "a name",
    "a word",
    "as of a prediction",
    "base, style or style@version",
    "base64 of a PNG, JPEG, WebP or HEIC file, a data: URI, or the uri that POST /v1/files gave",
    "base64 of a PNG, JPEG, WebP or HEIC file, or a data: URI",
    "how names begin",
    "style, style@version or base",
    "style, style@version, or either as Replicate's owner/name:version",
    "the uri that POST /v1/files gave, uploads/…",
}
"""What they call the others that are free: names, addresses and pictures."""

UNNAMED = {
    "captions.jsonl.file_name",
    "CaptionsRequest.captions.file_name",
    "BatchRequest.manifest",
    "BatchRequest.prefix",
    "BatchInput.manifest",
    "BatchInput.prefix",
    "FileForm.content",
    "FileForm.metadata",
    "ImageEditForm.image",
    "ImageEditForm.mask",
    "SearchAndReplaceForm.image",
    "TrainingRequest.input.search.ranges.values",
    "ExecutionInput.search.ranges.values",
}
"""Free texts without a name of their own that no model reads: addresses, bytes of a form, and values of what a search tries."""

DOCUMENTS: Mapping[str, type[BaseModel]] = {
    "PredictionInput": PredictionInput,
    "ExecutionInput": ExecutionInput,
    "EvaluationInput": EvaluationInput,
    "BatchInput": BatchInput,
    "PretrainingInput": PretrainingInput,
    "dataset_info.json": DatasetInfo,
    "captions.jsonl": PictureCaption,
    "dataset.json": Vocabulary,
    "corpus": Caption,
    **{each.__name__: each for route in ROUTES for each in (route.body, route.form) if each is not None},
}
"""All that anybody can say: bodies and forms of routes, inputs of executions, texts of data sets."""

ROWS: Mapping[str, tuple[str, ...]] = {
    "a prediction, and a row": ("PredictionInput", "PredictionRequest.input", "ModelPredictionRequest.input"),
    "an image of OpenAI's": ("ImageRequest", "ImageEditForm"),
    "Stability's search and replace": ("SearchAndReplaceForm",),
    "a training, and an execution": ("ExecutionInput", "TrainingRequest.input"),
    "a version that is measured again": ("EvaluationInput", "EvaluationRequest"),
    "a training's dataset": ("dataset_info.json", "captions.jsonl"),
    "captions that are put at a training": ("CaptionsRequest",),
    "a style that is brought": ("VersionRequest",),
    "a data set to pretrain from": ("dataset.json",),
    "its captions": ("corpus",),
}
"""By the beginning of the row of the page's table, the documents that it is about."""


def free_texts(name: str) -> set[tuple[str, str]]:
    """Where the document holds texts of no fixed form, and what the contracts call them."""
    schema = json_schema(DOCUMENTS[name])
    return set(_strings(schema, name, schema.get("$defs", {})))


def _strings(schema: Mapping[str, Any], path: str, known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "$ref" in schema:
        schema = {**known[schema["$ref"].rpartition("/")[2]], **{key: schema[key] for key in schema if key != "$ref"}}
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _strings(each, path, known)
    kinds = schema.get("type")
    is_text = "string" in (kinds if isinstance(kinds, list) else [kinds]) and not {"enum", "const", "format"} & {
        *schema
    }
    if is_text and schema.get("pattern") in (None, NOT_BLANK):
        yield path, schema.get("title", "")
    for key, value in schema.get("properties", {}).items():
        yield from _strings(value, f"{path}.{key}", known)
    if isinstance(schema.get("items"), dict):
        yield from _strings(schema["items"], path, known)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _strings(schema["additionalProperties"], path, known)
    if isinstance(schema.get("propertyNames"), dict):
        yield from _strings({**schema["propertyNames"], "type": "string"}, path, known)


def test_the_page_s_table_has_every_text_that_a_model_reads_and_no_other(root: Path) -> None:
    page = (root / "docs" / "safety.md").read_text(encoding="utf-8")
    table = page.split("| what says it | field | read by |")[1].split("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert len(rows) == len(ROWS)
    for start, documents in ROWS.items():
        (row,) = [cells for cells in rows if cells[0].startswith(start)]
        fields = {path.rpartition(".")[2] for path in map(_path, _read()) if path.startswith(documents)}
        told = set(re.findall(r"`(\w+)`", row[1]))
        assert fields <= told, f"{start}: the page lacks {fields - told}"
    missing = [path for path in map(_path, _read()) if not path.startswith(tuple(sum(ROWS.values(), ())))]
    assert missing == [], "no row of the page is about these"


def test_a_text_is_one_that_a_model_reads_or_one_that_is_known_to_be_none() -> None:
    found = {each for name in DOCUMENTS for each in free_texts(name)}
    unknown = {(path, title) for path, title in found if title not in READ | UNREAD and path not in UNNAMED}
    assert {path for path, _ in unknown} == {"dataset.json.prompts"}


def test_no_search_tries_texts_that_a_model_reads() -> None:
    read = {path.rpartition(".")[2] for path, _ in _read()}
    assert read
    assert not read & {*searchable()}


def _read() -> set[tuple[str, str]]:
    found = {each for name in DOCUMENTS for each in free_texts(name)}
    return {(path, title) for path, title in found if title in READ or path == "dataset.json.prompts"}


def _path(text: tuple[str, str]) -> str:
    return text[0]


def _api(path: str, body: Any) -> Callable[[], None]:
    def ask() -> None:
        answered = Api().call("POST", path, body)
        assert answered.status == 422, answered.body
        assert re.search("refused:words-|content_policy_violation", json.dumps(answered.body))
        raise RefusedWordsError(path, got="words", allowed="others")

    return ask


def _form(path: str, **fields: str | bytes) -> Callable[[], None]:
    def ask() -> None:
        answered = Api().post_form(path, {"image": PNG, **fields})
        assert answered.status in (403, 422), answered.body
        assert re.search("content_moderation|content_policy_violation", json.dumps(answered.body))
        raise RefusedWordsError(path, got="words", allowed="others")

    return ask


def _plan(**words: Any) -> Callable[[], None]:
    return lambda: _ignore(plan_of(make_stage()[1], **words))


def _again(**words: str) -> Callable[[], None]:
    asked = {"evaluate": 1, "style": "skirt", "dataset": "s3://data/datasets/skirt/", **words}
    return lambda: _ignore(evaluation_plan(asked, "run-1", JOBS, make_stage()[1]))


def _ignore(made: object) -> None:
    """What was made though it should have been refused."""


def _dataset(name: str, body: Any) -> Callable[[], None]:
    def prepare() -> None:
        buckets, dependencies = make_stage()
        buckets.put("data", f"datasets/skirt/{name}", json.dumps(body).encode() + b"\n")
        plan_of(dependencies, instance_prompt="a photo of sks skirt", class_prompt="a skirt")

    return prepare


def _vocabulary() -> None:
    buckets, dependencies = make_pretraining_stage()
    taught = {"labels": ["background", "body"], "prompts": {REFUSED: [1]}}
    buckets.put("data", "datasets/figures/dataset.json", json.dumps(taught).encode())
    pretraining_plan_of(dependencies)


def _captions() -> None:
    api = Api()
    put_dataset(api.buckets, "skirt")
    api.executions.started["run"] = execution("run", {"style": "skirt", "dataset": "s3://data/datasets/skirt/"})
    body = {"captions": [{"file_name": "a.png", "text": REFUSED}]}
    assert api.call("POST", "/v1/trainings/run/captions", body).body["reason"] == "words-nudity"
    raise RefusedWordsError("captions", got="words", allowed="others")


_PAINTED = {"prompt": "a skirt", "image": PICTURE, "mask_prompt": "a skirt"}
_UNDRESSED = {**_PAINTED, "negative_prompt": "clothes"}
_EDIT, _SEARCH = "/v1/images/edits", "/v2beta/stable-image/edit/search-and-replace"
_INFO = {"instance_prompt": "a photo of sks skirt", "class_prompt": "a skirt"}
_WATCHED = {"validation_steps": 10, "validation_prompt": REFUSED}
ASKED: Mapping[str, Callable[[], None]] = {
    **{
        f"{document}.{field}": _api(route, {"input": {**_PAINTED, field: REFUSED}})
        for document, route in (
            ("PredictionInput", "/v1/predictions"),
            ("PredictionRequest.input", "/v1/predictions"),
            ("ModelPredictionRequest.input", "/v1/models/atelier/base/predictions"),
        )
        for field in ("prompt", "mask_prompt")
    },
    "PredictionInput.negative_prompt": _api("/v1/predictions", {"input": _UNDRESSED}),
    "PredictionRequest.input.negative_prompt": _api("/v1/predictions", {"input": _UNDRESSED}),
    "ModelPredictionRequest.input.negative_prompt": _api("/v1/models/atelier/base/predictions", {"input": _UNDRESSED}),
    "ImageRequest.prompt": _api("/v1/images/generations", {"prompt": REFUSED}),
    "ImageEditForm.prompt": _form(_EDIT, prompt=REFUSED, mask_prompt="a skirt"),
    "ImageEditForm.mask_prompt": _form(_EDIT, prompt="a skirt", mask_prompt=REFUSED),
    "SearchAndReplaceForm.prompt": _form(_SEARCH, prompt=REFUSED, search_prompt="a skirt"),
    "SearchAndReplaceForm.search_prompt": _form(_SEARCH, prompt="a skirt", search_prompt=REFUSED),
    "SearchAndReplaceForm.negative_prompt": _form(
        _SEARCH, prompt="a skirt", search_prompt="a skirt", negative_prompt="clothes"
    ),
    **{
        f"TrainingRequest.input.{field}": _api(
            "/v1/trainings", {"destination": "skirt", "input": {**TRAINING, field: REFUSED}}
        )
        for field in ("target", "instance_prompt", "class_prompt")
    },
    **{f"ExecutionInput.{field}": _plan(**{field: REFUSED}) for field in ("target", "instance_prompt", "class_prompt")},
    "TrainingRequest.input.hyperparameters.validation_prompt": _api(
        "/v1/trainings", {"destination": "skirt", "input": {**TRAINING, "hyperparameters": _WATCHED}}
    ),
    "ExecutionInput.hyperparameters.validation_prompt": _plan(hyperparameters=_WATCHED),
    **{
        f"EvaluationRequest.{field}": _api(
            "/v1/styles/skirt/versions/1/evaluate", {"dataset": "datasets/skirt/", field: REFUSED}
        )
        for field in ("target", "instance_prompt")
    },
    **{f"EvaluationInput.{field}": _again(**{field: REFUSED}) for field in ("target", "instance_prompt")},
    "dataset_info.json.instance_prompt": _dataset("dataset_info.json", {**_INFO, "instance_prompt": REFUSED}),
    "dataset_info.json.class_prompt": _dataset("dataset_info.json", {**_INFO, "class_prompt": REFUSED}),
    "captions.jsonl.text": _dataset("captions.jsonl", {"file_name": "a.png", "text": REFUSED}),
    "CaptionsRequest.captions.text": _captions,
    "VersionRequest.instance_prompt": _api(
        "/v1/styles/skirt/versions", {"weights": "uploads/x", "instance_prompt": REFUSED}
    ),
    "dataset.json.prompts": _vocabulary,
    "corpus.captions": lambda: check_captions([Caption(key="a", captions=(REFUSED,))], CLOSED),
    "corpus.regions.captions": lambda: check_captions(
        [Caption.from_json({"key": "a", "captions": ["x"], "regions": [{"label": 1, "captions": [REFUSED]}]})], CLOSED
    ),
}
"""By text, how somebody asks for what is refused in it."""


def test_each_text_is_tried() -> None:
    assert set(ASKED) == set(map(_path, _read()))


@pytest.mark.parametrize("text", ASKED)
def test_what_is_refused_is_refused_in_each_text(text: str) -> None:
    with pytest.raises(RefusedWordsError):
        ASKED[text]()
