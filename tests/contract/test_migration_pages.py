"""docs/migrate: each new call runs as it stands there, through the client that it names; each field of the old call is accounted for."""

import ast
import base64
import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import httpx
import httpx2
import pytest
from moto import mock_aws
from moto.sagemakerruntime.models import sagemakerruntime_backends
from PIL import Image

from atelier_inference.dialects import dialect_of
from atelier_inference.dialects.dialect import Invocation
from contracts.answers import Prediction, Training
from contracts.execution import ExecutionInput
from contracts.hyperparameters import Hyperparameters
from contracts.layout import MANIFEST, S3Uri
from contracts.metrics import FineTuningMetrics
from contracts.openai import ImageEditForm, ImageRequest, OpenAiPicture, OpenAiPictures
from contracts.prediction import PredictionInput, PredictionOutput
from contracts.requests import PredictionRequest, TrainingRequest
from contracts.routes.table import ROUTES
from tests.unit import ops_http
from tests.unit.ops_http import ADDRESS, HttpApi
from tests.unit.ops_stage import base_manifest, put_promoted, put_version

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "migrate"
PAGES = {page.stem: page.read_text(encoding="utf-8") for page in sorted(FOLDER.glob("*.md")) if page.stem != "README"}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
BLOCK = re.compile(r"(?:^### (Before)\n\n)?^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OLD = [(name, text) for name, page in PAGES.items() for old, text in BLOCK.findall(page) if old]
NEW = [(name, text) for name, page in PAGES.items() for old, text in BLOCK.findall(page) if not old]
MASKED = (20, 30, 40, 50)
"""The part of the pictures' 64 x 64 pixels that the white mask has."""

THEIRS = {
    "jumpstart": """prompt negative_prompt width height num_inference_steps guidance_scale num_images_per_prompt seed eta batch_size
        image mask_image epochs max_steps learning_rate lr_scheduler with_prior_preservation num_class_images prior_loss_weight
        center_crop adam_weight_decay adam_beta1 adam_beta2 adam_epsilon gradient_accumulation_steps max_grad_norm
        generated_image generated_images""",
    "blog": """inputs input_img mask_img num_inference_steps guidance_scale num_images_per_prompt image_length generated_images""",
    "replicate": """prompt negative_prompt image mask width height num_outputs num_inference_steps guidance_scale scheduler seed
        disable_safety_checker webhook webhook_events_filter stream id status input output error logs metrics urls created_at
        started_at completed_at destination""",
    "openai": """prompt model n size response_format output_format image mask quality user moderation input_fidelity background
        stream partial_images output_compression style created data b64_json url revised_prompt usage""",
    "nova-canvas": """taskType text negativeText image maskPrompt maskImage width height cfgScale seed numberOfImages quality
        similarityStrength returnMask colors controlMode controlStrength conditionImage referenceImage images error""",
    "google-try-on": """personImage productImages maskImage maskMode dilation productDescription prompt sampleCount baseSteps seed
        addWatermark personGeneration safetySetting raiFilteredReason enhancePrompt storageUri outputOptions mimeType
        compressionQuality predictions bytesBase64Encoded""",
}
"""Every field that the other service takes and answers, as its sources say; the page must have each in the left column of a table."""

OURS = {
    name
    for contract in (
        *(PredictionInput, PredictionOutput, PredictionRequest, Prediction),
        *(ExecutionInput, Hyperparameters, FineTuningMetrics, TrainingRequest, Training),
        *(ImageRequest, ImageEditForm, OpenAiPictures, OpenAiPicture),
    )
    for name in contract.model_fields
}


def _painted() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


PAINTED = _painted()


class Served(HttpApi):
    """The API in memory whose trainings have ended when they are looked at."""

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        started = self.api.executions.started
        for name, known in started.items():
            if method == "GET" and url.endswith(name):
                ended, output = (
                    known.started + timedelta(seconds=60),
                    {"style": "my-skirt", "version": 1, "metrics": {}},
                )
                started[name] = replace(known, status="SUCCEEDED", stopped=ended, output=output)
        if method == "PUT":
            parts = urlsplit(url)
            store = self.api.buckets.store(str(parts.hostname).removesuffix(".test"))
            store.write(unquote(parts.path.lstrip("/")), body, "application/octet-stream")
            return 200, {}, b""
        with redirect_stdout(io.StringIO()):  # the functions' metrics go there
            return super().send(method, url, headers, body)


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    """Whatever client asks, this is what answers; the files that the examples name are in the working folder."""
    served = Served(prompt=True)
    buckets = served.api.buckets
    buckets.put("model", f"base/tiny@v1/{MANIFEST}", base_manifest("tiny", "inpaint").model_dump_json().encode())
    put_version(buckets, 1, style="my-skirt")
    put_promoted(buckets, 1, style="my-skirt")
    for name in ("httpx", "httpx2"):
        module: Any = {"httpx": httpx, "httpx2": httpx2}[name]

        def handle(_: object, request: Any, module: Any = module) -> Any:
            status, headers, body = served.send(request.method, str(request.url), dict(request.headers), request.read())
            return module.Response(status, headers=headers, content=body, request=request)

        monkeypatch.setattr(module.HTTPTransport, "handle_request", handle)
    monkeypatch.setattr(ops_http, "PNG", PAINTED)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    monkeypatch.setenv("ATELIER_API_URL", ADDRESS)
    monkeypatch.setenv("ATELIER_API_KEY", "key")
    monkeypatch.chdir(tmp_path)
    _put_files(tmp_path)
    with _account(monkeypatch):
        yield served


def _put_files(folder: Path) -> None:
    (folder / "photos").mkdir()
    photo, mask = Image.new("RGB", (64, 64), "blue"), Image.new("L", (64, 64))
    mask.paste(255, MASKED)
    photo.save(folder / "photo.png")
    mask.save(folder / "mask.png")
    Image.merge("LA", (mask, mask.point(lambda level: 255 - level))).convert("RGBA").save(folder / "transparent.png")
    mask.point(lambda level: 255 - level).save(folder / "black.png")
    for number in range(4):
        photo.save(folder / "photos" / f"{number}.jpg")


class _account:  # noqa: N801
    """An AWS account whose endpoint answers with a picture; what it was asked lies in the bucket ``media``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MEDIA_BUCKET", "media")
        monkeypatch.setenv("ENDPOINT", "endpoint")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        self._mock = mock_aws()

    def __enter__(self) -> None:
        self._mock.start()
        boto3.client("s3").create_bucket(Bucket="media")
        answer = {"images": [base64.b64encode(PAINTED).decode()], "output_format": "png"}
        backend = sagemakerruntime_backends["123456789012"]["us-east-1"]
        backend.async_results_queue.append((False, json.dumps(answer)))

    def __exit__(self, *_: object) -> None:
        self._mock.stop()


def run(page: str, text: str) -> dict[str, Any]:
    """What the example has left in its names."""
    names: dict[str, Any] = {"__name__": "example"}
    with redirect_stdout(io.StringIO()):
        exec(compile(text, f"docs/migrate/{page}.md", "exec"), names)
    return names


@pytest.mark.parametrize(("page", "text"), NEW, ids=[f"{page}-{n}" for n, (page, _) in enumerate(NEW)])
def test_a_new_call_runs_and_asks_for_what_it_says(page: str, text: str, served: Served) -> None:
    before = {path.name for path in Path.cwd().iterdir()}
    run(page, text)
    asked = [*served.painted, *map(_meant, _requests_of_the_endpoint())]
    assert asked or served.api.executions.started
    assert [status for status in served.statuses if status >= 400] == []
    for body in asked:
        assert PredictionInput.from_json(body).to_json()
        assert body.get("mask") is None or repainted(served, body) == MASKED
    said = dict(options(text))
    assert {name: each for body in asked for name, each in body.items() if name in said} == said
    written = [path for path in Path.cwd().iterdir() if path.name not in before]
    for path in written:
        Image.open(path).verify()
    assert written or "print(" in text


def options(text: str) -> Iterator[tuple[str, Any]]:
    """The literal options, named as a prediction's input names them, with which an example calls a client."""
    given: list[tuple[Any, ast.expr]] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            given += [(keyword.arg, keyword.value) for keyword in node.keywords]
        elif isinstance(node, ast.Dict):
            given += [
                (key.value, value)
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            ]
    for name, value in given:
        literal = value.value if isinstance(value, ast.Constant) else None
        if name in PredictionInput.model_fields and literal is not None and not str(literal).endswith(".png"):
            yield str(name), literal


def repainted(served: Served, body: dict[str, Any]) -> tuple[int, ...] | None:
    """The box of the picture that a request has repainted, by its mask."""
    mask = str(body["mask"])
    stored = mask.startswith("s3://")
    data = (
        served.api.buckets.store("media").read(S3Uri.parse(mask).key)
        if stored
        else base64.b64decode(mask.split(",")[-1])
    )
    picture = Image.open(io.BytesIO(data))
    if body.get("mask_convention") == "transparent":
        return picture.getchannel("A").point(lambda level: 255 - level).getbbox()
    assert picture.mode in ("L", "RGB", "1")
    return picture.convert("L").getbbox()


def _meant(body: bytes) -> dict[str, Any]:
    """What the model server understands, in whatever dialect it was asked."""
    call = Invocation(content_type="application/json", accept="", body=bytearray(body))
    (request,) = dialect_of(call).read(call).decoded(lambda _: None).requests
    return request.to_json()


def _requests_of_the_endpoint() -> list[bytes]:
    s3 = boto3.client("s3")
    listed = s3.list_objects_v2(Bucket="media", Prefix="requests/").get("Contents", [])
    return [s3.get_object(Bucket="media", Key=each["Key"])["Body"].read() for each in listed]


@pytest.mark.parametrize(("page", "text"), OLD, ids=[f"{page}-{n}" for n, (page, _) in enumerate(OLD)])
def test_an_old_call_is_python(page: str, text: str) -> None:
    assert ast.parse(text).body


@pytest.mark.parametrize("page", PAGES)
def test_every_old_field_is_accounted_for_and_every_new_one_exists(page: str) -> None:
    theirs, ours = set[str](), set[str]()
    for left, right in rows(PAGES[page]):
        theirs |= set(re.findall(r"`([^`]+)`", left))
        ours |= set(re.findall(r"`([^`]+)`", right))
    assert {*THEIRS[page].split()} - theirs == set()
    assert ours - OURS == set()


def rows(page: str) -> Iterator[tuple[str, str]]:
    """The first two cells of every row of a table of fields."""
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.replace("\\|", "/").strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and cells[0] != "theirs" and not cells[0].startswith("---"):
            yield cells[0], cells[1]


def test_every_page_has_both_calls_is_in_the_index_and_says_where_it_knows_it_from() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    for name, page in PAGES.items():
        assert f"({name}.md)" in index
        assert re.search(r"^Sources: ", page, re.MULTILINE)
        assert {each for each, _ in NEW} >= {name}
        assert "### Before" in page
    assert THEIRS.keys() == PAGES.keys()


def test_every_route_that_a_page_names_is_one() -> None:
    named = {route for page in PAGES.values() for route in re.findall(r"`((?:GET|POST|DELETE) /v\d\w*/\S+)`", page)}
    assert named <= {f"{route.method} {route.path}" for route in ROUTES}
